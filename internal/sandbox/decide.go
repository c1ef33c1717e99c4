package sandbox

import (
	"math/rand/v2"
	"time"
)

// Occasion is something that a Decision is asked for: a whole HTTP call; then each request in it that the limits admit, which is the call
// itself or the items of its batch; and each task of a page of the list.
type Occasion struct {
	Whole   bool   // a whole HTTP call
	Kind    string // KindList, KindGet, KindPatch, KindStatus, of a whole call KindBatch too, of a task of a page KindListed
	ID      string // of the task, where the path names one
	Item    string // id in the batch, "" for none
	Items   int    // of a batch, 0 for any other call
	Request string // client-request-id of the call, or of the item where it has its own
	Body    []byte // not to be changed
	// Rand is the generator to draw from, for the time of the decision. What it gives depends on Options.Seed, on what is asked for, and
	// on how often the same was asked for before, but not on what other goroutines ask for.
	Rand *rand.Rand
}

// Decision is what becomes of an occasion. The zero value is the service as published.
type Decision struct {
	// Whole calls, and requests.
	Status     int    // answered in place of the service's own; 0 = the service's own
	Message    string // of the error that Status makes, worded by Graph and not by Intune; "" = the usual one
	RetryAfter string // with 429 and 503: seconds, date, past, garbage, message, none; "" = Options.RetryAfter
	Body       Body
	Never      bool   // nothing is done: the call's items, or a write, take no effect
	Echo       Echo   // where the answer holds the access token
	EchoAs     string // how: "" as it is, json, percent, base64, base64-1, base64-2, signature

	// Whole calls.
	Latency time.Duration // before the work
	Slow    time.Duration // after the work, before the answer
	DateOff time.Duration // how far the service's clock is off in this answer
	Traits  Trait
	Reply   Reply

	// Requests.
	Late       time.Duration // a write that is not Never takes effect so long after its answer
	KeepStatus bool          // a PATCH leaves the status alone
	Partly     bool          // the last property of a PATCH keeps its old value
	Lag        time.Duration // a read, or a task of a page, shows the state of so long ago
	Page       Page          // of the list
	EditBefore string        // the property that another editor sets just before
	EditAfter  string        // the same just after

	// Tasks of a page.
	Omit bool // the task is left out
}

// Body is what an answer holds.
type Body uint8

const (
	BodyNew       Body = iota // what goes with the status: the whole new object, nothing, or an error
	BodyOld                   // the object as it was before the write
	BodyNone                  // nothing
	BodyGarbage               // JSON that is no object
	BodyHTML                  // an HTML page, in base64 as the body of an item
	BodyHuge                  // 64 MiB of space (whole calls)
	BodyResponses             // the answers of the batch, whatever the status says (whole calls)
)

// Reply is what becomes of an answer on its way. Items are dropped, doubled, or have an alien beside them; the connection of a whole call
// is cut before or within the answer, or hangs until the client gives up.
type Reply uint8

const (
	ReplyOnce Reply = iota
	ReplyDropped
	ReplyTwice
	ReplyAlien
	ReplyCut
	ReplyTruncated
	ReplyHangs
)

// Page is how a page of the list is wrong.
type Page uint8

const (
	PageRight   Page = iota
	PageEmpty        // an empty page comes first
	PageRepeats      // the last task comes again
	PageLoops        // the next page is the same page
	PageForeign      // the next page is on another host
)

// Echo is a place in an answer that holds the access token.
type Echo uint8

const (
	EchoNowhere  Echo = iota
	EchoMessage       // the error's message
	EchoHeader        // the header request-id
	EchoBody          // the body, which has no responses
	EchoTask          // the description of the task
	EchoNext          // the link to the next page
	EchoLocation      // the header Location
)
