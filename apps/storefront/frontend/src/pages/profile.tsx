import { useTranslation } from "react-i18next";
import { useProfile } from "../api/queries";
import "../styles/account.css";
import { SignedIn } from "../ui/sign-in";
import { Failed, Loading } from "../ui/states";
import { useTitle } from "../ui/title";
import { About } from "./profile/about";
import { OwnData } from "./profile/own-data";
import { PhoneNumber } from "./profile/phone-number";
import { SignOut } from "./profile/sign-out";

export default function Profile() {
  const { t } = useTranslation();
  useTitle(t("account.title"));
  return (
    <div className="narrow">
      <h1>{t("account.title")}</h1>
      <SignedIn>
        <Own />
      </SignedIn>
    </div>
  );
}

function Own() {
  const { data, error, refetch } = useProfile();
  if (error && !data) return <Failed error={error} again={() => void refetch()} />;
  if (!data) return <Loading />;
  return (
    <div className="account">
      <About profile={data} />
      <PhoneNumber phone={data.phone} />
      <OwnData />
      <SignOut />
    </div>
  );
}
