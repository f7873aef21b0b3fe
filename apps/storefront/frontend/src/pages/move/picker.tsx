import { useId } from "react";
import { useTranslation } from "react-i18next";
import { useStaff, type Booking, type Salon } from "../../api/queries";
import { localDay } from "../../lib/time";
import { SlotPicker } from "../../ui/slot-picker";
import { When } from "../../ui/text";
import { ANYONE, personOf, type Goal } from "./rescheduling";

interface Props {
  booking: Booking;
  salon: Salon;
  staff: string;
  look: (staff: string) => void;
  choose: (goal: Goal) => void;
}

export function Picker({ booking, salon, staff, look, choose }: Props) {
  const { t } = useTranslation();
  return (
    <>
      <div className="card old">
        <h2>{booking.service.name}</h2>
        <p className="soft">{t("own.where", { salon: booking.salon.name, staff: booking.staff.name })}</p>
        <When starts={booking.starts_at} ends={booking.ends_at} zone={salon.timezone} />
      </div>
      <Person booking={booking} staff={staff} look={look} />
      <SlotPicker
        slug={salon.slug}
        zone={salon.timezone}
        service={booking.service.id}
        staff={staff === ANYONE ? undefined : staff}
        day={localDay(booking.starts_at, salon.timezone)}
        onPick={(slot) => choose({ staff: personOf(slot, booking.staff.id), at: slot.starts_at })}
      />
    </>
  );
}

function Person({ booking, staff, look }: Pick<Props, "booking" | "staff" | "look">) {
  const { t } = useTranslation();
  const id = useId();
  const people = useStaff(booking.salon.slug, booking.service.id).data?.results ?? [];
  const others = people.filter((person) => person.id !== booking.staff.id);
  return (
    <div className="labelled">
      <label htmlFor={id}>{t("move.with")}</label>
      <select id={id} value={staff} onChange={(event) => look(event.target.value)}>
        <option value={booking.staff.id}>{booking.staff.name}</option>
        {others.map((person) => (
          <option key={person.id} value={person.id}>
            {person.name}
          </option>
        ))}
        <option value={ANYONE}>{t("move.anyone")}</option>
      </select>
    </div>
  );
}
