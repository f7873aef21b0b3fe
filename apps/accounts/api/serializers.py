from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.accounts.api import examples
from apps.accounts.erasure import obstacles_of
from apps.accounts.models import DataRequest, OtpChallenge, User
from apps.accounts.selectors import export_part_names
from apps.common.api.schema import example
from apps.common.api.serializers import PhoneNumberField, StrictSerializer

WEB = "web"


@example(examples.OTP_REQUEST)
class OtpRequestSerializer(StrictSerializer):
    phone = PhoneNumberField()
    channel = serializers.ChoiceField(OtpChallenge.Channel.choices, default=OtpChallenge.Channel.SMS)


@example(examples.OTP_REQUESTED)
class OtpRequestedSerializer(serializers.Serializer):
    challenge_id = serializers.UUIDField()
    expires_in = serializers.IntegerField(help_text="Seconds until the code is no longer valid.")
    resend_in = serializers.IntegerField(help_text="Seconds until another code may be asked for.")


class ClientSerializer(StrictSerializer):
    client = serializers.ChoiceField(
        [WEB],
        required=False,
        help_text="`web`: the refresh token is set and read as a cookie that no script sees, and stands in no body.",
    )


@example(examples.OTP_VERIFY)
class CodeProofSerializer(StrictSerializer):
    challenge_id = serializers.UUIDField()
    code = serializers.CharField(max_length=32)


class OtpVerifySerializer(CodeProofSerializer, ClientSerializer):
    pass


@example(examples.REFRESHING)
class RefreshSerializer(ClientSerializer):
    refresh = serializers.CharField(max_length=2048, required=False, help_text="Needed unless `client` is `web`.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "client" not in attrs and "refresh" not in attrs:
            raise serializers.ValidationError(
                {"refresh": self.fields["refresh"].error_messages["required"]}, "required"
            )
        return attrs


@example(examples.TOKENS)
class TokenPairSerializer(serializers.Serializer):
    access = serializers.CharField()
    refresh = serializers.CharField(required=False, help_text="Absent when `client` is `web`.")


@example(examples.PROFILE)
class ProfileSerializer(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = ["id", "phone", "name", "locale", "marketing_consent"]
        read_only_fields = fields


@example(examples.SIGNED_IN)
class SignedInSerializer(TokenPairSerializer):
    user = ProfileSerializer()


@example(examples.PROFILE_CHANGE)
class ProfileChangeSerializer(StrictSerializer):
    name = serializers.CharField(max_length=160, allow_blank=True, required=False)
    locale = serializers.ChoiceField(User.Locale.choices, required=False)
    marketing_consent = serializers.BooleanField(required=False)


class ObstacleSerializer(serializers.Serializer):
    code = serializers.CharField()
    detail = serializers.CharField(source="text")


@example(examples.DATA_REQUEST)
class DataRequestSerializer(serializers.ModelSerializer):
    obstacles = serializers.SerializerMethodField()

    class Meta:
        model = DataRequest
        fields = ["kind", "status", "created_at", "due_on", "obstacles"]
        read_only_fields = fields

    @extend_schema_field(ObstacleSerializer(many=True))
    def get_obstacles(self, asked: DataRequest) -> Any:
        return ObstacleSerializer(obstacles_of(asked.user), many=True).data


@example(examples.OWN_DATA)
class OwnDataSerializer(serializers.Serializer):
    """The profile, and a list for every other part that an app adds."""

    generated_at = serializers.DateTimeField()
    profile = serializers.DictField()

    def get_fields(self):
        parts = {name: serializers.ListField(child=serializers.DictField()) for name in export_part_names()}
        return {**parts, **super().get_fields()}
