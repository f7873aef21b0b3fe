"""The base of every admin and inline: rows, fields, filters and history behind the wall of `visible_to` and the policy.

    class ServiceAdmin(BaseModelAdmin):   # or ExportableModelAdmin, ImportableModelAdmin of apps.common.admin.transfer
        allowed_verbs = ("view", "add", "change", "delete")
        search_fields = ["search_text", "code"]
        list_filter = [("category", ScopedRelatedFilter), ("is_active", BooleanRadioFilter)]

A system check refuses a registered admin that does not inherit it.
"""

from functools import partial

from django.contrib import messages
from django.contrib.admin import ShowFacets
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import NestedObjects, unquote
from django.db import IntegrityError, models, router
from django.forms import ModelChoiceField
from django.http import HttpResponseRedirect
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, StackedInline, TabularInline

from apps.common.admin.changelist import GuardedChangeList
from apps.common.admin.dialogs import proof_page
from apps.common.admin.displays import EMPTY_CELL
from apps.common.admin.forms import ManyChoicesField, ScopedInlineFormSet, ScopedModelForm
from apps.common.admin.history import GuardedHistoryMixin
from apps.common.admin.paginator import CappedPaginator
from apps.common.admin.search import search
from apps.common.admin.widgets import AutocompleteWidget
from apps.common.errors import Conflict, DomainError, ProofNeeded
from apps.common.scope import (
    ensure_keys,
    salon_id_of,
    salon_model,
    salons_allowing,
    visible_rows,
    visible_salons,
)


class ScopedMixin:
    """What lists, forms and inlines share: visible rows, rights from the policy table, choices within the wall."""

    # Which of Django's four verbs this page offers at all; the policy table then says to whom, the owner included.
    allowed_verbs = ("view", "add", "change")

    def get_queryset(self, request):
        # Spelled out, because a queryset that a page annotates with counts forgets the order of its model.
        ordering = self.get_ordering(request) or self.model._meta.ordering
        return visible_rows(self.model, request.user).order_by(*ordering)

    def may(self, request, verb, obj=None):
        """Whether the user may `verb` rows of this model, or this row (an object, or its id as Unfold passes it).

        Gates of actions are written `has_cancel_booking_permission(self, request, object_id=None)` and return
        `self.may(request, "cancel", object_id)`.
        """
        if verb in {"view", "add", "change", "delete"} and verb not in self.allowed_verbs:
            return False
        if obj is not None and not isinstance(obj, models.Model):
            obj = self.row(request, obj)
            if obj is None:
                return False
        return request.user.has_perm(f"{self.opts.app_label}.{verb}_{self.opts.model_name}", obj)

    def has_view_permission(self, request, obj=None):
        return self.may(request, "view", obj)

    def has_add_permission(self, request, obj=None):
        return self.may(request, "add", obj)

    def has_change_permission(self, request, obj=None):
        return self.may(request, "change", obj)

    def has_delete_permission(self, request, obj=None):
        return self.may(request, "delete", obj)

    def formfield_for_dbfield(self, db_field, request, owner=None, **kwargs):
        if isinstance(db_field, models.ForeignKey | models.ManyToManyField):
            kwargs.setdefault("queryset", self.choices_for(request, db_field, owner))
        if isinstance(db_field, models.ManyToManyField):
            kwargs.setdefault("form_class", ManyChoicesField)
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(field, ModelChoiceField):
            self._name_salons(request, db_field.related_model, field, owner)
        return field

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if "widget" not in kwargs and db_field.name in self.get_autocomplete_fields(request):
            kwargs["widget"] = AutocompleteWidget(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @staticmethod
    def _name_salons(request, related, field, owner):
        """While the salon is not chosen yet, people of several salons have to tell equal names apart."""
        salon_class = salon_model(related)
        if salon_class is None or salon_id_of(owner, salon_class) is not None:
            return
        if len(visible_salons(request, salon_class)) > 1:
            field.queryset = field.queryset.select_related("salon")
            field.label_from_instance = lambda row: f"{row} · {row.salon}"

    def choices_for(self, request, db_field, owner):
        """Rows that `db_field` may point to. `owner` is the object being changed (of an inline: its parent), or None.

        A page that knows better which rows make sense overrides it, starting from `visible_rows`.
        """
        related = db_field.related_model
        rows = visible_rows(related, request.user).order_by(*self.get_field_ordering(db_field, request))
        salon_class = salon_model(related)
        if db_field.name == "salon" and related is salon_model(self.model):
            rows = rows.filter(pk__in=[salon.pk for salon in salons_allowing(request, self.model, "add")])
        elif salon_class is not None and (salon_id := salon_id_of(owner, salon_class)) is not None:
            rows = rows.filter(salon_id=salon_id)
        current = getattr(owner, db_field.attname, None) if isinstance(owner, self.model) else None
        if isinstance(db_field, models.ForeignKey) and current is not None:
            # What the row says already stays as it is, also when the reader could not choose it.
            rows = rows | related._base_manager.filter(**{db_field.target_field.name: current})
        return rows

    def get_field_ordering(self, db_field, request):
        related = db_field.related_model
        if self.admin_site.is_registered(related):
            return self.admin_site.get_model_admin(related).get_ordering(request) or related._meta.ordering
        return related._meta.ordering


class BaseModelAdmin(ScopedMixin, GuardedHistoryMixin, ModelAdmin):
    """An admin whose every page stays inside the wall. See the module's docstring for how to use it."""

    form = ScopedModelForm
    # Lookups that other pages link with (`?booking__id__exact=`) although no filter of this list asks for them.
    link_lookups = ()
    paginator = CappedPaginator
    list_per_page = 25
    list_max_show_all = 100
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_fullwidth = True
    list_filter_submit = True
    compressed_fields = True
    warn_unsaved_form = True
    change_form_show_cancel_button = True
    empty_value_display = EMPTY_CELL
    view_on_site = False
    # What an empty list says: what will stand here and how it gets there.
    empty_text = _("Nothing here yet.")

    def __init__(self, model, admin_site):
        super().__init__(model, admin_site)
        self._name_columns()

    def _name_columns(self):
        """Columns made by `displays` are called like the model field they show, unless they have their own name."""
        for name in dir(type(self)):
            column = getattr(type(self), name, None) if name.startswith("display_") else None
            path = getattr(column, "described_by", None)
            if path is not None and not hasattr(column, "short_description"):
                column.short_description = self.model._meta.get_field(path.split(".")[0]).verbose_name

    # --- Rows ---

    def row(self, request, object_id):
        """The visible row with this id (as an address spells it), or None. Read once per request."""
        rows = request.__dict__.setdefault("admin_rows", {})
        key = (self.model, str(object_id))
        if key not in rows:
            rows[key] = self.get_object(request, unquote(str(object_id)))
        return rows[key]

    def has_add_permission(self, request):
        return self.may(request, "add")

    def has_module_permission(self, request):
        return self.may(request, "view")

    def get_changelist(self, request, **kwargs):
        return GuardedChangeList

    def get_search_results(self, request, queryset, search_term):
        if not search_term.strip():
            return queryset, False
        if hasattr(queryset, "search"):
            return queryset.search(search_term, reader=request.user), False
        return search(queryset, self.get_search_fields(request), search_term, reader=request.user), False

    def response_action(self, request, queryset):
        ensure_keys(self.model, request.POST.getlist(ACTION_CHECKBOX_NAME))
        return super().response_action(request, queryset)

    # --- The salon: chosen once, when a row is made, and only by people who reach several ---

    def shows_salon(self, request, obj=None):
        """Whether the page has to say which salon a row belongs to."""
        salon_class = salon_model(self.model)
        if salon_class is None:
            return False
        if obj is None:
            return len(salons_allowing(request, self.model, "add")) != 1
        return len(visible_salons(request, salon_class)) > 1

    def lists_several_salons(self, request):
        salon_class = salon_model(self.model)
        return salon_class is not None and len(visible_salons(request, salon_class)) > 1

    def get_list_display(self, request):
        columns = super().get_list_display(request)
        return columns if self.lists_several_salons(request) else [name for name in columns if name != "salon"]

    def get_list_filter(self, request):
        filters = super().get_list_filter(request)
        if self.lists_several_salons(request):
            return filters
        return [entry for entry in filters if not (isinstance(entry, tuple) and entry[0] == "salon")]

    def get_fieldsets(self, request, obj=None):
        fieldsets = super().get_fieldsets(request, obj)
        if salon_model(self.model) is None:
            return fieldsets
        shown = ["salon"] if self.shows_salon(request, obj) else []
        (title, options), *others = [(name, _without_salon(options)) for name, options in fieldsets]
        return [(title, {**options, "fields": [*shown, *options["fields"]]}), *others]

    def get_readonly_fields(self, request, obj=None):
        fields = super().get_readonly_fields(request, obj)
        return [*fields, "salon"] if obj is not None and salon_model(self.model) else fields

    def get_form(self, request, obj=None, **kwargs):
        kwargs.setdefault("formfield_callback", partial(self.formfield_for_dbfield, request=request, owner=obj))
        form = super().get_form(request, obj, **kwargs)
        if obj is None and salon_model(self.model) is not None:
            form.default_salon = self.only_salon(request)
        return form

    def only_salon(self, request):
        """The salon of every new row when there is just one to choose, else None."""
        salons = salons_allowing(request, self.model, "add")
        return salons[0] if len(salons) == 1 else None

    def get_changeform_initial_data(self, request):
        """Values out of the address; of a moment only what is one, because its two boxes crash on any other text."""
        initial = super().get_changeform_initial_data(request)
        for field in self.opts.concrete_fields:
            if isinstance(field, models.DateTimeField) and field.name in initial:
                initial[field.name] = _local_moment(initial[field.name])
        return initial

    # --- Writing ---

    def save_model(self, request, obj, form, change):
        """Store the row. One that is saved as it was stays untouched, and its history gets no empty line.

        Raises Conflict when somebody deleted it since the form was read: Django would insert it again.
        """
        if change and not form.has_changed():
            return
        if change and not self.model._base_manager.select_for_update(no_key=True).filter(pk=obj.pk).exists():
            raise Conflict
        super().save_model(request, obj, form, change)

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        return self._told(request, partial(super().changeform_view, request, object_id, form_url, extra_context))

    def delete_view(self, request, object_id, extra_context=None):
        return self._told(request, partial(super().delete_view, request, object_id, extra_context))

    def changelist_view(self, request, extra_context=None):
        return self._told(request, partial(super().changelist_view, request, extra_context))

    def _told(self, request, view):
        """A refusal of a use case or of the database arrives here, outside the admin's transaction: nothing was stored,
        nothing is announced, and the person is told why on the page they came from.
        """
        try:
            return view()
        except (DomainError, IntegrityError) as error:
            if request.method != "POST":
                raise
            refusal = error if isinstance(error, DomainError) else Conflict()
            if isinstance(refusal, ProofNeeded):
                messages.info(request, str(refusal))
                return HttpResponseRedirect(proof_page(request.get_full_path()))
            messages.error(request, str(refusal))
            return HttpResponseRedirect(request.get_full_path())

    def get_deleted_objects(self, objs, request):
        """Names rows that go too only when the reader may view every one of them; otherwise nothing is deleted."""
        collector = NestedObjects(using=router.db_for_write(self.model), origin=objs)
        collector.collect(objs)
        touched = {*collector.protected, *(row for rows in collector.data.values() for row in rows)}
        if _hidden_rows(touched, request.user):
            return [], {}, set(), [_("Records that you cannot see depend on this.")]
        return super().get_deleted_objects(objs, request)


class _BaseInline(ScopedMixin):
    form = ScopedModelForm
    formset = ScopedInlineFormSet
    allowed_verbs = ("view", "add", "change", "delete")
    extra = 0
    show_change_link = False
    max_num = 300
    # A posted count of forms costs what it says; the stock limit of 2000 keeps a server busy for seconds.
    absolute_max = 400

    def get_formset(self, request, obj=None, **kwargs):
        kwargs.setdefault("formfield_callback", partial(self.formfield_for_dbfield, request=request, owner=obj))
        kwargs.setdefault("absolute_max", self.absolute_max)
        return super().get_formset(request, obj, **kwargs)

    def get_exclude(self, request, obj=None):
        excluded = super().get_exclude(request, obj) or ()
        return [*excluded, "salon"] if salon_model(self.model) and self.fk_name != "salon" else excluded


class BaseTabularInline(_BaseInline, TabularInline):
    """Rows inside a form, one line each. `fields` never names the salon: it is that of the parent."""


class BaseStackedInline(_BaseInline, StackedInline):
    """Rows inside a form, one block each."""


def _local_moment(text):
    """The moment that `text` (ISO 8601) names, naive in the current time zone; None when it names none."""
    try:
        moment = parse_datetime(text)
        return timezone.make_naive(moment) if moment and timezone.is_aware(moment) else moment
    except (ValueError, OverflowError):
        return None


def _without_salon(options):
    lines = [
        tuple(name for name in line if name != "salon") if isinstance(line, tuple) else line
        for line in options["fields"]
    ]
    return {**options, "fields": [line for line in lines if line not in ("salon", ())]}


def _hidden_rows(rows, user):
    by_model = {}
    for row in rows:
        by_model.setdefault(type(row), set()).add(row.pk)
    return any(
        visible_rows(model, user).filter(pk__in=keys).count() != len(keys)
        for model, keys in by_model.items()
        if not model._meta.auto_created
    )
