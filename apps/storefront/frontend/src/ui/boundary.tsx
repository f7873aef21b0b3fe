import { Component, type ReactNode } from "react";
import { Failed } from "./states";

/** A page that broke, or whose script did not come, leaves the way to all others. */
export class Boundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    // A script that did not come once is asked for again by a new page only.
    return error ? <Failed error={error} again={() => window.location.reload()} /> : this.props.children;
  }
}
