import { useId, useState, type FormEvent } from "react";
import { useTranslation } from "react-i18next";
import { api, body, type Schemas } from "../../api/client";
import { useBookingStep, type Booking } from "../../api/queries";
import { TextField } from "../../ui/field";
import { Notice } from "../../ui/states";
import { useFocusAfter } from "./focus";

const STARS = [1, 2, 3, 4, 5];

type Said = Schemas["OwnReview"];

const useSending = (id: string) =>
  useBookingStep((said: Said) =>
    body(api.POST("/api/v1/bookings/{id}/review/", { params: { path: { id } }, body: said })),
  );

/** What was said of the visit, or the form to say it once. */
export function Review({ booking }: { booking: Booking }) {
  const { t } = useTranslation();
  const send = useSending(booking.id);
  const place = useFocusAfter<HTMLDivElement>(send.isSuccess);
  return (
    <div className="review" ref={place} tabIndex={-1}>
      {send.isSuccess && <Notice kind="good">{t("rate.thanks")}</Notice>}
      {booking.review && <Given review={booking.review} />}
      {booking.status === "completed" && !booking.review && <ReviewForm send={send} />}
    </div>
  );
}

function Given({ review }: { review: Said }) {
  const { t } = useTranslation();
  return (
    <div className="card">
      <h2>{t("rate.yours")}</h2>
      <p className="given" role="img" aria-label={t("rate.stars", { count: review.rating })}>
        {STARS.map((star) => (
          <Star key={star} isFull={star <= review.rating} />
        ))}
      </p>
      {review.comment && <p>{review.comment}</p>}
    </div>
  );
}

const Star = ({ isFull }: { isFull: boolean }) => (
  <span className="star" aria-hidden="true">
    {isFull ? "★" : "☆"}
  </span>
);

function ReviewForm({ send }: { send: ReturnType<typeof useSending> }) {
  const { t } = useTranslation();
  const [rating, setRating] = useState(0);
  const [comment, setComment] = useState("");
  const [isMissing, setMissing] = useState(false);
  const problem = send.error?.besides("rating", "comment");

  function submit(event: FormEvent) {
    event.preventDefault();
    setMissing(rating === 0);
    if (rating > 0) send.mutate({ rating, comment: comment.trim() });
  }

  return (
    <form className="card" onSubmit={submit} noValidate>
      <h2>{t("rate.title")}</h2>
      {problem && <Notice kind="problem">{problem}</Notice>}
      <StarChoice
        chosen={rating}
        choose={setRating}
        wrong={isMissing && rating === 0 ? t("rate.choose") : send.error?.about("rating")}
      />
      <TextField
        label={t("rate.comment")}
        rows={3}
        maxLength={2000}
        value={comment}
        onChange={(event) => setComment(event.target.value)}
        wrong={send.error?.about("comment")}
      />
      <button type="submit" className="button wide" disabled={send.isPending}>
        {send.isPending ? t("rate.sending") : t("rate.send")}
      </button>
    </form>
  );
}

interface StarChoiceProps {
  chosen: number;
  choose: (star: number) => void;
  wrong: string | undefined;
}

function StarChoice({ chosen, choose, wrong }: StarChoiceProps) {
  const { t } = useTranslation();
  const id = useId();
  return (
    <fieldset className="star-choice" aria-describedby={`${id}-wrong`}>
      <legend>{t("rate.question")}</legend>
      <div>
        {STARS.map((star) => (
          <label key={star}>
            <input type="radio" name={id} checked={star === chosen} onChange={() => choose(star)} />
            <Star isFull={star <= chosen} />
            <span className="visually-hidden">{t("rate.stars", { count: star })}</span>
          </label>
        ))}
      </div>
      <div id={`${id}-wrong`} className="wrong" role="alert">
        {wrong}
      </div>
    </fieldset>
  );
}
