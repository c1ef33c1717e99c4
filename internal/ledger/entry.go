package ledger

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"taskrecon/internal/diff"
)

// Entry is an input row with its outcome: the plan's line, and the result's where it was to be sent.
type Entry struct {
	Change
	Result  *Result // nil when it was never settled by sending, or is in doubt again
	Outcome diff.Outcome
	Reason  string
	Caller  Caller // of the leg that gave the result, else of the run
	// Attempts is how often the change was put on the wire, over all legs of the run; 0 where it shares the outcome of another.
	Attempts int
	// StatusSent is by which way the status was put on the wire, in all legs of the run; "" where it was not.
	StatusSent diff.Via
	// Overwrote is what was found and overwritten, as the result says, or where there is none the sending lines.
	Overwrote []PropertyValue
	// Known is when the outcome was known, or where no result came since, when the last envelope was announced; zero where nothing was
	// sent. Closes is when the settling windows of all sendings have closed.
	Known, Closes time.Time
}

// Caller is in whose name Graph was called, in the terms of the audit logs of Entra and Intune. What the access token did not say
// is "".
type Caller struct {
	Actor    string
	AppID    string
	ObjectID string
}

// ahead is how many entries are decoded at a time before they are asked for: enough to keep two processors busy, too few
// to be seen in memory however long their texts are.
const ahead = 64

// Each calls f with every entry in plan order and stops at the first error, which it returns. It may
// be called again, but not from two goroutines at once. Entries are read ahead of f.
func (r *Reader) Each(f func(Entry) error) error {
	return r.eachOf(func(int) bool { return true }, f)
}

// EachSent is Each for the entries that were put on the wire, or share the outcome of one that was.
func (r *Reader) EachSent(f func(Entry) error) error {
	return r.eachOf(func(i int) bool { return r.of(i).sent > 0 }, f)
}

// EachShort is Each for the entries that are not as wanted. Those of a saved plan that wait to be sent are not among them.
func (r *Reader) EachShort(f func(Entry) error) error {
	return r.eachOf(func(i int) bool {
		s := r.of(i)
		return !r.outcomeOf(s).Good() && !(r.Planned() && s.pending)
	}, f)
}

// of is the state that decides the outcome of a change: its own, or that of the one whose outcome it shares.
func (r *Reader) of(index int) *state {
	s := &r.changes[index]
	if s.shares {
		return &r.changes[s.offset]
	}
	return s
}

func (r *Reader) eachOf(wanted func(int) bool, f func(Entry) error) error {
	read, stop := make(chan []Entry), make(chan struct{})
	var failed error
	go func() {
		defer close(read)
		failed = r.readAhead(wanted, read, stop)
	}()
	err := each(read, f)
	close(stop)
	for range read { // until the reading has ended
	}
	if err != nil {
		return err
	}
	return failed
}

func each(read <-chan []Entry, f func(Entry) error) error {
	for entries := range read {
		for _, e := range entries {
			if err := f(e); err != nil {
				return err
			}
		}
	}
	return nil
}

// readAhead sends all entries that are wanted, those before an error as well, until it is stopped.
func (r *Reader) readAhead(wanted func(int) bool, read chan<- []Entry, stop <-chan struct{}) error {
	var entries []Entry
	errStopped := errors.New("nobody reads on")
	flush := func() error {
		select {
		case read <- entries:
			entries = make([]Entry, 0, ahead)
			return nil
		case <-stop:
			return errStopped
		}
	}
	lines := newLineReader(r)
	err := lines.eachChange(wanted, func(c Change) error {
		entry, err := lines.entry(c)
		if err != nil {
			return err
		}
		if entries = append(entries, entry); len(entries) == ahead {
			return flush()
		}
		return nil
	})
	if len(entries) > 0 && !errors.Is(err, errStopped) {
		_ = flush() // once stopped, the rest is not asked for
	}
	return err
}

// lineReader reads lines of an indexed ledger again. It may not be used concurrently.
type lineReader struct {
	*Reader
	decode *lineDecoder
	seen   []byte // a piece of the file, since results that follow each other tend to lie together
	at     int64  // where it begins
}

func newLineReader(r *Reader) *lineReader { return &lineReader{Reader: r, decode: newLineDecoder()} }

// eachChange reads the plan's lines again, those that are wanted.
func (r *lineReader) eachChange(wanted func(int) bool, f func(Change) error) error {
	in := bufio.NewReaderSize(io.NewSectionReader(r.file, 0, r.whole), 256<<10)
	var line []byte
	for seen := 0; seen < len(r.changes); {
		var err error
		if line, err = appendLine(line[:0], in); err != nil {
			return fmt.Errorf("reading the ledger again: %w", err)
		}
		e, err := envelopeOf(line)
		if err == nil && e.Kind != kindChange {
			continue
		}
		if err == nil && !wanted(seen) {
			seen++
			continue
		}
		var c Change
		if err == nil {
			c, err = r.decode.change(line)
		}
		if err != nil {
			return fmt.Errorf("change %d: %w: %w", seen, ErrAltered, err)
		}
		if c.Index != seen {
			return fmt.Errorf("change %d: %w: change %d stands here", seen, ErrAltered, c.Index)
		}
		seen++
		if err := f(c); err != nil {
			return err
		}
	}
	return nil
}

// entry settles the outcome of a row: the plan's, else the result's, else what the lack of one means.
func (r *lineReader) entry(c Change) (Entry, error) {
	e := Entry{Change: c, Outcome: c.Outcome, Reason: c.Reason, Caller: r.caller(0)}
	if c.Outcome != diff.Pending {
		return e, nil
	}
	s := r.of(c.Index)
	if s.pending && c.SameAs == nil {
		e.Attempts = int(s.tries + s.open)
		if e.Attempts > 0 {
			e.Overwrote = r.over[c.Index]
		}
		if e.Attempts > 0 && (c.StatusVia != diff.ViaAction || s.acted) {
			e.StatusSent = c.StatusVia
		}
		e.times(s, r.settleWithin())
	}
	if s.doubt || s.length == 0 {
		e.Outcome, e.Reason = r.unsettled(s)
		return e, nil
	}
	res, err := r.result(s.place)
	if err != nil {
		return e, fmt.Errorf("change %d: %w", c.Index, err)
	}
	e.Outcome, e.Reason = res.Outcome, res.Reason
	if s.pending {
		e.Result, e.Caller = res, r.caller(s.offset)
		e.Overwrote = res.Overwrote
	}
	return e, nil
}

func (e *Entry) times(s *state, within time.Duration) {
	if s.sent == 0 {
		return
	}
	e.Known, e.Closes = time.UnixMilli(s.sentAt).UTC(), time.UnixMilli(s.answered()).Add(within).UTC()
	if !s.doubt && s.settled > 0 {
		e.Known = time.UnixMilli(s.settled).UTC()
	}
}

// settleWithin is the longest settling window of all legs.
func (r *Reader) settleWithin() time.Duration {
	seconds := r.Header.SettleWithin
	for _, l := range r.Resumes {
		seconds = max(seconds, l.SettleWithin)
	}
	return time.Duration(seconds * float64(time.Second))
}

// result reads the line that says how a change ended. One of the plan has outcome and reason under the same names.
func (r *lineReader) result(at place) (*Result, error) {
	const piece = 64 << 10
	if at.offset < r.at || at.offset+int64(at.length) > r.at+int64(len(r.seen)) {
		r.at = at.offset
		r.seen = slices.Grow(r.seen[:0], max(piece, int(at.length)))
		n, err := r.file.ReadAt(r.seen[:max(piece, int(at.length))], at.offset)
		if r.seen = r.seen[:n]; n < int(at.length) {
			return nil, fmt.Errorf("reading the ledger again: %w", err)
		}
	}
	from := at.offset - r.at
	res, err := r.decode.result(r.seen[from : from+int64(at.length)])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAltered, err)
	}
	return res, nil
}

// caller is who called Graph where the line at offset was written.
func (r *Reader) caller(offset int64) Caller {
	for i := len(r.legs) - 1; i >= 0; i-- {
		if offset > r.legs[i] {
			l := &r.Resumes[i]
			return Caller{l.Actor, l.AppID, l.ObjectID}
		}
	}
	return Caller{r.Header.Actor, r.Header.AppID, r.Header.ObjectID}
}

// unsettled says what became of a change that has no result, or none since it was sent last.
func (r *Reader) unsettled(s *state) (diff.Outcome, string) {
	switch {
	case s.doubt:
		return diff.Unknown, "sent, but the program was stopped before the answer was recorded"
	case s.part:
		return diff.NotSent, "the program was stopped after the first of its two writes was applied; the status was not sent"
	case r.blocked():
		return diff.Blocked, r.End.Reason
	case r.End != nil:
		return diff.NotSent, r.End.Reason
	case r.Planned():
		return diff.NotSent, "planned; not sent yet"
	}
	return diff.NotSent, "the program was stopped before its turn"
}

// Planned reports whether the ledger is a saved plan that no run has begun to carry out.
func (r *Reader) Planned() bool { return r.Header.Command == "plan" && !r.begun }

// Counts returns how many rows ended in each outcome, every outcome present.
func (r *Reader) Counts() map[diff.Outcome]int {
	all := diff.Outcomes()
	counts := make(map[diff.Outcome]int, len(all))
	for _, o := range all {
		counts[o] = 0
	}
	for i := range r.changes {
		counts[r.outcomeOf(r.of(i))]++
	}
	return counts
}

func (r *Reader) outcomeOf(s *state) diff.Outcome {
	if s.doubt || s.length == 0 {
		o, _ := r.unsettled(s)
		return o
	}
	return r.resultOf(s)
}

// Changes returns how many rows the plan would send.
func (r *Reader) Changes() (n int) {
	for i := range r.changes {
		if r.changes[i].pending {
			n++
		}
	}
	return n
}

// Passing returns how many rows are not as wanted for a reason that may pass.
func (r *Reader) Passing() (n int) {
	for i := range r.changes {
		if s := r.of(i); s.passing && !s.doubt {
			n++
		}
	}
	return n
}

// Ending says how the ledger ends. What is missing there is no alteration.
func (r *Reader) Ending() string {
	words := "cut short: no end is recorded"
	switch {
	case r.End != nil:
		words = fmt.Sprintf("ended with exit code %d", r.End.ExitCode)
	case r.Planned():
		words = "a saved plan; nothing was sent"
	}
	if r.Torn {
		words += "; its last line is not whole, since the program was stopped while it wrote it"
	}
	return words
}
