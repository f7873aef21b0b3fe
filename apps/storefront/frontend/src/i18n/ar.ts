import account from "./ar/account.json";
import booking from "./ar/booking.json";
import common from "./ar/common.json";
import confirm from "./ar/confirm.json";
import salons from "./ar/salons.json";

export default { ...common, ...salons, ...confirm, ...booking, ...account };
