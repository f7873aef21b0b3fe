/** Digits as keyboards of the region write them: 123, ١٢٣ and ۱۲۳ are the same. */

const ZEROS = [0x0660, 0x06f0];

/** Only the digits of a text, as Latin ones: of `رمزك: ١٢٣-٤٥٦` these are `123456`. */
export const digitsOf = (text: string): string => text.replace(/\P{Nd}/gu, "").replace(/[^0-9]/gu, latin);

function latin(digit: string): string {
  const zero = ZEROS.find((first) => digit.charCodeAt(0) - first >= 0 && digit.charCodeAt(0) - first <= 9);
  return zero === undefined ? "" : String(digit.charCodeAt(0) - zero);
}
