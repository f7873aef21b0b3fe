import account from "./en/account.json";
import booking from "./en/booking.json";
import common from "./en/common.json";
import confirm from "./en/confirm.json";
import salons from "./en/salons.json";

export default { ...common, ...salons, ...confirm, ...booking, ...account };
