// Package probe finds out how a tenant's service behaves, by one change to one task that is taken back: what a PATCH answers, how long
// reads lag behind it, whether a PATCH of status takes effect, how enum members and dates are written, and what the headers say.
//
//	found, err := probe.Run(ctx, probe.Config{Client: client, TaskID: id, Within: 2 * time.Minute, Step: show})
//	if err == nil {
//		err = probe.Write("profile.json", found, false)
//	}
//
// A [Profile] holds what was seen and the [Profile.Settings] that follow from it: values of flags by name. Run writes at most two
// properties, description and status, one after the other. Each is taken back before Run returns, also when its context ends in
// between, and only where the task still holds what Run wrote: an edit that somebody makes meanwhile is left alone. Where something
// cannot be taken back, the error says what the task holds and what it held.
//
// Nothing here is a measurement of the worst case: one task is looked at, once. So the settings never shorten the settling window
// below its default.
package probe
