package batch

import "time"

// RecentWrites says what earlier runs, or earlier legs of a run, put on the wire of a tenant last. The service may still
// count it, so that the next run leaves room for it. The zero value is nothing.
type RecentWrites struct {
	Writes int       // write items that left in the window (PublishedWrites.Per) that ends with Last
	Last   time.Time // when the last of them left, or its answer came
}
