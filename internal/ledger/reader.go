package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"time"

	"taskrecon/internal/diff"
)

// Reader gives the entries of a ledger in plan order, without holding them: it keeps the place of
// each change's last result and nothing else that grows with the rows.
type Reader struct {
	Header  Header       // the first line, also of a run that was resumed
	Resumes []Resumption // who resumed the run, in the order in which they did
	Ends    []*End       // of the legs before the last, in their order; nil for one that was cut short
	End     *End         // the last line of kind "end"; nil when the run or its last leg was cut short, or the ledger is a saved plan
	Torn    bool         // the last line was not whole and was left out: the program was killed while writing it
	Final   string       // SHA-256 of the last whole line: the hash that stands for the whole ledger

	file    *os.File
	whole   int64 // where the last whole line ends
	size    int64 // of the file as it was read
	plan    planHash
	signed  string // see PlanFinal
	lines   int    // whole ones
	begun   bool   // a line follows the plan
	total   Total
	legs    []int64 // where the lines of Resumes begin
	recent  []sentAt
	over    map[int][]PropertyValue // what sending lines say was overwritten, by change index
	changes []state                 // by change index
}

// sentAt is an envelope of so many writes that was about to leave.
type sentAt struct {
	at time.Time
	n  int
}

// state is what is known of a change without reading its lines again.
type state struct {
	place
	sent    int32 // how often a sending line names it, over all legs
	tries   int32 // how often it was put on the wire, over all legs but for open
	open    int32 // sending lines that name it since its last result, or since the run was resumed
	sentAt  int64 // of the last sending line that names it, in Unix milliseconds
	settled int64 // when its last result came, the same
	after   int64 // milliseconds from the last answer to that result
	outcome uint8 // that stands at place, as an index of diff.Outcomes
	onWire  bool  // it was put on the wire, as far as results and killed legs show
	part    bool  // the first of its two writes is applied
	acted   bool  // a sending line says that its status goes by the action
	pending bool  // the plan says that it is to be sent
	shares  bool  // its outcome is that of another change, whose index stands in offset
	doubt   bool  // a sending line names it, and no result came since
	again   bool  // its last result leaves it to be tried again
	passing bool  // its last result is of a kind that may pass, and it is not as wanted
}

// place is where the line stands that says how a change ended: its last result, or for a change that needed no sending
// the plan's own line. Its length is 0 where there is none.
type place struct {
	offset int64
	length int32
}

// Total counts what all legs of a run that have an end line put on the wire.
type Total struct {
	Requests int
	diff.Account
}

// Is reports whether the file at path looks like a ledger, whole or not: it begins as a header does.
func Is(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	start := make([]byte, len(headerStart))
	_, err = io.ReadFull(f, start)
	return err == nil && string(start) == headerStart
}

const headerStart = `{"kind":"run",`

// Open reads a ledger whole, checks its lines, its chain and its plan, and indexes it. The caller closes the Reader. What
// is not as it was written is an error that wraps ErrAltered and names the line. One whose plan is not whole, since the
// program was stopped while it wrote it, is an error of its own.
func Open(path string) (*Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening the ledger: %w", err)
	}
	r := &Reader{file: f, plan: newPlanHash()}
	if err := r.index(); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// Close releases the file.
func (r *Reader) Close() error { return r.file.Close() }

// Rows is the number of input rows.
func (r *Reader) Rows() int { return len(r.changes) }

// Total adds up the end lines of all legs. What a leg that was cut short put on the wire is not in it.
func (r *Reader) Total() Total { return r.total }

// PlanFinal is the hash that a signature of the plan is of: that of the last line before the run was first resumed, which is Final
// while it was not.
func (r *Reader) PlanFinal() string {
	if len(r.Resumes) == 0 {
		return r.Final
	}
	return r.signed
}

// Recent returns how many writes left in the given time up to the last one, whichever leg sent them, and when that one left.
func (r *Reader) Recent(within time.Duration) (writes int, last time.Time) {
	if len(r.recent) == 0 {
		return 0, last
	}
	last = r.recent[len(r.recent)-1].at
	for _, s := range r.recent {
		if last.Sub(s.at) < within {
			writes += s.n
		}
	}
	return writes, last
}

// mostRecent envelopes are remembered: far more than any request limit lets go in the time that it looks back on.
const mostRecent = 1000

// planned reports whether all lines of the plan were read.
func (r *Reader) planned() bool { return len(r.changes) == r.Header.Input.Rows }

// Follow reads on: what was written since Open, or since the last Follow, is checked and indexed as Open does it. After an
// error the Reader is of no more use but to be closed.
func (r *Reader) Follow() error {
	if err := r.index(); err != nil {
		return fmt.Errorf("%s: %w", r.file.Name(), err)
	}
	return nil
}

// index reads all behind the last whole line that is known.
func (r *Reader) index() error {
	tail, err := checkedLines(io.NewSectionReader(r.file, r.whole, math.MaxInt64-r.whole), func(l *checkedLine) error {
		r.lines++
		if err := r.take(l); err != nil {
			return fmt.Errorf("line %d: %w", r.lines, err)
		}
		r.whole += int64(len(l.line)) + 1
		return nil
	})
	if err != nil {
		return err
	}
	r.Torn, r.size = len(tail) > 0, r.whole+int64(len(tail))
	if err := r.takeTail(tail); err != nil {
		return fmt.Errorf("line %d: %w", r.lines+1, err)
	}
	switch {
	case r.lines == 0:
		return errors.New("not a ledger: it has no whole line")
	case !r.planned():
		return fmt.Errorf("the plan is not whole: %d of %d rows; the program was stopped before it sent anything",
			len(r.changes), r.Header.Input.Rows)
	case r.plan.hex() != r.Header.PlanHash:
		return fmt.Errorf("line 1: %w: its planHash is not that of the changes that follow", ErrAltered)
	}
	return nil
}

// takeTail looks at what is behind the last newline: the beginning of a line, and of one that may be there.
// After a power loss zeros may be where the rest of it was to be.
func (r *Reader) takeTail(tail []byte) error {
	tail = bytes.TrimRight(tail, "\x00")
	if i := bytes.LastIndex(tail, []byte(sumStart)); i >= 0 && i+sumLength < len(tail) {
		if _, ok := check(tail[:i+sumLength]); ok {
			return fmt.Errorf("%w: this line does not end where it ended when it was written", ErrAltered)
		}
	}
	start := []byte(`{"kind":"` + kindRun + `",`)
	if n := min(len(tail), len(start)); r.End != nil && !bytes.Equal(tail[:n], start[:n]) {
		return fmt.Errorf("%w: something follows the end of the run", ErrAltered)
	}
	return nil
}

// take looks at a line's place in the chain, and remembers what the entries will need of it.
func (r *Reader) take(l *checkedLine) error {
	switch {
	case !l.ok && r.lines == 1:
		return foreign(l.line)
	case !l.ok:
		return fmt.Errorf("%w: this line is not as it was written; its sum is another", ErrAltered)
	case l.err != nil:
		return fmt.Errorf("%w: %w", ErrAltered, l.err)
	case r.lines == 1 && (l.Kind != kindRun || l.Prev != ""):
		return fmt.Errorf("%w: the ledger does not begin here, a line is missing before", ErrAltered)
	case r.lines == 1:
		if err := r.takeHeader(l.line); err != nil {
			return err
		}
	case l.Prev != r.Final:
		return fmt.Errorf("%w: this line does not follow line %d as it was written; "+
			"a line is missing between them or was put in, or line %[2]d was made anew", ErrAltered, r.lines-1)
	default:
		if err := r.takeKind(l, place{offset: r.whole, length: int32(len(l.line))}); err != nil {
			return fmt.Errorf("%w: %w", ErrAltered, err) // this program does not write such lines
		}
	}
	r.Final = l.whole
	return nil
}

// envelopeOf reads kind and prev of a line. As this program writes them they are first; any other line is read as JSON.
func envelopeOf(line []byte) (e envelope, err error) {
	const kindStart, prevStart = `{"kind":"`, `","prev":"`
	if rest, ok := bytes.CutPrefix(line, []byte(kindStart)); ok {
		kind, rest, ok := bytes.Cut(rest, []byte(prevStart))
		end := bytes.IndexByte(rest, '"')
		if ok && end >= 0 && plain(kind) && bytes.Count(line, []byte(`kind"`)) == 1 && bytes.Count(line, []byte(`prev"`)) == 1 && plain(rest[:end]) {
			return envelope{string(kind), string(rest[:end])}, nil
		}
	}
	err = json.Unmarshal(line, &e)
	return e, err
}

// plain reports whether text is of small letters and digits alone, as kinds and hashes are.
func plain(text []byte) bool {
	for _, c := range text {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

// foreign says what is wrong with a first line that does not carry its own sum: it is a header that was altered, or one of
// another format, or it is no ledger's at all.
func foreign(line []byte) error {
	var h struct {
		Kind   string `json:"kind"`
		Format int    `json:"format"`
	}
	err := json.Unmarshal(line, &h)
	switch {
	case err == nil && !summed(line) && h.Kind == kindRun && h.Format != Format:
		return formatError(h.Format)
	case summed(line) || bytes.HasPrefix(line, []byte(`{"kind":"`+kindRun+`",`)):
		return fmt.Errorf("%w: this line is not as it was written; its sum is another", ErrAltered)
	case bytes.HasPrefix(line, []byte("PK\x03\x04")):
		return errors.New("not a ledger but a workbook; that of a run is the ledger.jsonl beside its report")
	case err != nil:
		return fmt.Errorf("not a ledger: %w", err)
	}
	return fmt.Errorf("not a ledger: a line of kind %q stands here", h.Kind)
}

func formatError(format int) error {
	return fmt.Errorf("the ledger has format %d, this version reads %d", format, Format)
}

func (r *Reader) takeHeader(line []byte) error {
	var h struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(line, &h); err != nil {
		return fmt.Errorf("%w: %w", ErrAltered, err)
	}
	if h.Format != Format {
		return formatError(h.Format)
	}
	if err := json.Unmarshal(line, &r.Header); err != nil {
		return fmt.Errorf("%w: %w", ErrAltered, err)
	}
	return nil
}

func (r *Reader) takeKind(l *checkedLine, at place) error {
	switch {
	case l.Kind == kindChange:
		return r.takeChange(l, at)
	case !r.planned():
		return fmt.Errorf("a line of kind %q stands where change %d belongs", l.Kind, len(r.changes))
	case l.Kind == kindRun:
		return r.takeResumed(l.line, at)
	case r.End != nil:
		return errors.New("a line follows the end of the run, and nobody resumed it")
	}
	r.begun = true
	switch l.Kind {
	case kindSending:
		return r.takeSending(l.line)
	case kindPart:
		return r.takePart(l.line)
	case kindResult:
		return r.takeResult(l, at)
	case kindEnd:
		return r.takeEnd(l.line)
	}
	return fmt.Errorf("a line of kind %q does not belong here", l.Kind)
}

func (r *Reader) takeChange(l *checkedLine, at place) error {
	if l.bodyErr != nil {
		return l.bodyErr
	}
	c := &l.change
	if c.Index != len(r.changes) || r.planned() {
		return fmt.Errorf("change %d stands where %d of %d belongs", c.Index, len(r.changes), r.Header.Input.Rows)
	}
	var s state
	switch {
	case c.Outcome == diff.Pending && c.SameAs == nil:
		s.pending = true
		r.plan.add(c.ID, c.Edits, c.Note, c.Via)
	case c.Outcome != diff.Pending:
		var err error
		if s.outcome, err = outcomeIndex(c.Outcome); err != nil {
			return err
		}
		s.place, s.passing = at, c.Outcome == diff.NotSent
	}
	if c.SameAs != nil {
		if err := r.known(*c.SameAs); err != nil {
			return err
		}
		if of := r.changes[*c.SameAs]; !of.pending && of.length == 0 {
			return fmt.Errorf("change %d shares the outcome of %d, which has none of its own", c.Index, *c.SameAs)
		}
		if c.Outcome == diff.Pending {
			s.shares, s.offset = true, int64(*c.SameAs)
		}
	}
	r.changes = append(r.changes, s)
	return nil
}

func (r *Reader) takeResumed(line []byte, at place) error {
	var l resumed
	if err := json.Unmarshal(line, &l); err != nil {
		return err
	}
	if !l.Resumed {
		return errors.New("a second header does not belong here")
	}
	if len(r.Resumes) == 0 {
		r.signed = r.Final
	}
	r.Resumes, r.legs = append(r.Resumes, l.Resumption), append(r.legs, at.offset)
	r.Ends = append(r.Ends, r.End)
	r.begun, r.End = true, nil
	for i := range r.changes { // what the last leg sent without a result counts as it was announced
		s := &r.changes[i]
		s.onWire = s.onWire || s.open > 0
		s.tries, s.open = s.tries+s.open, 0
	}
	return nil
}

func (r *Reader) takeSending(line []byte) error {
	var s Sending
	if err := json.Unmarshal(line, &s); err != nil {
		return err
	}
	for k, i := range s.Changes {
		if err := r.known(i); err != nil {
			return err
		}
		c := &r.changes[i]
		c.acted = c.acted || k < len(s.Writes) && s.Writes[k] == diff.ViaAction
		c.sent++
		c.open++
		c.doubt, c.sentAt = true, s.At.UnixMilli()
	}
	for _, o := range s.Overwrites {
		if err := r.known(o.Index); err != nil {
			return err
		}
		r.overwrote(o.Index, o.PropertyValue)
	}
	if r.recent = append(r.recent, sentAt{s.At, len(s.Changes)}); len(r.recent) >= 2*mostRecent {
		r.recent = slices.Delete(r.recent, 0, mostRecent)
	}
	return nil
}

// overwrote remembers what was overwritten; of one property the last value counts.
func (r *Reader) overwrote(index int, v PropertyValue) {
	if r.over == nil {
		r.over = map[int][]PropertyValue{}
	}
	values := slices.DeleteFunc(r.over[index], func(o PropertyValue) bool { return o.Property == v.Property })
	r.over[index] = append(values, v)
}

func (r *Reader) takePart(line []byte) error {
	var p Part
	if err := json.Unmarshal(line, &p); err != nil {
		return err
	}
	if err := r.known(p.Index); err != nil {
		return err
	}
	s := &r.changes[p.Index]
	s.onWire, s.part, s.doubt = true, true, false
	s.tries, s.open = s.tries+s.open, 0
	return nil
}

func (r *Reader) takeResult(l *checkedLine, at place) error {
	if l.bodyErr != nil {
		return l.bodyErr
	}
	res := &l.result
	if err := r.known(res.Index); err != nil {
		return err
	}
	outcome, err := outcomeIndex(res.Outcome)
	if err != nil {
		return err
	}
	if s := &r.changes[res.Index]; s.pending {
		s.place, s.outcome, s.doubt = at, outcome, false
		s.tries, s.open = s.tries+int32(res.Attempts), 0
		s.onWire = s.onWire || res.Attempts > 0
		if !s.onWire {
			delete(r.over, res.Index) // it never left
		}
		s.settled, s.after = res.SettledAt.UnixMilli(), int64(res.SettledAfter*1000)
		s.passing = res.Temporary && !res.Outcome.Good()
		s.again = res.Outcome == diff.NotSent || res.Outcome == diff.Unknown || s.passing
	}
	return nil
}

func (r *Reader) takeEnd(line []byte) error {
	var e End
	if err := json.Unmarshal(line, &e); err != nil {
		return err
	}
	r.End = &e
	r.total.Requests += e.Requests
	r.total.Batches += e.Batches
	r.total.Patches += e.Patches
	r.total.Retries += e.Retries
	r.total.Throttled += e.Throttled
	r.total.Waited += e.Waited
	return nil
}

// outcomeIndex is the place of an outcome in diff.Outcomes.
func outcomeIndex(o diff.Outcome) (uint8, error) {
	i := slices.Index(diff.Outcomes(), o)
	if i < 0 {
		return 0, fmt.Errorf("unknown outcome %q", o)
	}
	return uint8(i), nil
}

func (r *Reader) known(index int) error {
	if index < 0 || index >= len(r.changes) {
		return fmt.Errorf("change %d is not in the plan", index)
	}
	return nil
}
