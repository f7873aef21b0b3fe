import { Suspense, lazy } from "react";
import { Route, Switch, useLocation } from "wouter";
import { Boundary } from "./ui/boundary";
import { Layout } from "./ui/layout";
import { Loading } from "./ui/states";
import NotFound from "./pages/not-found";
import { Salons } from "./pages/salons";

// What a first visit shows comes at once, everything behind a tap comes with it.
const Salon = lazy(() => import("./pages/salon"));
const Times = lazy(() => import("./pages/times"));
const Confirm = lazy(() => import("./pages/confirm"));
const Bookings = lazy(() => import("./pages/bookings"));
const Booking = lazy(() => import("./pages/booking"));
const Move = lazy(() => import("./pages/move"));
const Profile = lazy(() => import("./pages/profile"));

export function App() {
  const [place] = useLocation();
  return (
    <Layout>
      <Boundary key={place}>
        <Suspense fallback={<Loading />}>
          <Switch>
            <Route path="/" component={Salons} />
            <Route path="/salons/:slug/">{({ slug }) => <Salon slug={slug} />}</Route>
            <Route path="/salons/:slug/:service/">{({ slug, service }) => <Times slug={slug} service={service} />}</Route>
            <Route path="/salons/:slug/:service/confirm/">
              {({ slug, service }) => <Confirm slug={slug} service={service} />}
            </Route>
            <Route path="/bookings/" component={Bookings} />
            <Route path="/bookings/:id/">{({ id }) => <Booking id={id} />}</Route>
            <Route path="/bookings/:id/payment/">{({ id }) => <Booking id={id} returning />}</Route>
            <Route path="/bookings/:id/move/">{({ id }) => <Move id={id} />}</Route>
            <Route path="/profile/" component={Profile} />
            <Route component={NotFound} />
          </Switch>
        </Suspense>
      </Boundary>
    </Layout>
  );
}
