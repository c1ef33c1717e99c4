package ledger

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"taskrecon/internal/diff"
)

// Reader gives the entries of a ledger in plan order, without holding them: it keeps the place of
// each change's last result and nothing else that grows with the rows.
type Reader struct {
	Header Header
	End    *End   // nil when the run was cut short, or the ledger is a saved plan
	Torn   bool   // the last line was not whole and was left out: the program was killed while writing it
	Final  string // SHA-256 of the last whole line: the hash that stands for the whole ledger

	file    *os.File
	changes int
	settled []place // by change index: the line that says how it ended
	sent    []bool  // by change index: a sending line names it
}

// place is where a line stands in the file; its length is 0 where there is none.
type place struct {
	offset  int64
	length  int32
	planned bool // it is the plan's own line, whose outcome no result can change
}

// Entry is an input row with its outcome: the plan's line, and the result's where it was to be sent.
type Entry struct {
	Change
	Result  *Result // nil when it was never settled by sending
	Outcome diff.Outcome
	Reason  string
}

// Open reads a ledger whole, checks its chain and indexes it. The caller closes the Reader. A broken
// chain is an error that wraps ErrAltered and names the line.
func Open(path string) (*Reader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening the ledger: %w", err)
	}
	r := &Reader{file: f}
	if err := r.index(); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// Close releases the file.
func (r *Reader) Close() error { return r.file.Close() }

// Rows is the number of input rows.
func (r *Reader) Rows() int { return r.changes }

func (r *Reader) index() error {
	in := bufio.NewReaderSize(r.file, 256<<10)
	offset, number := int64(0), 0
	for {
		line, err := in.ReadBytes('\n')
		if err == io.EOF {
			r.Torn = len(line) > 0
			break
		}
		if err != nil {
			return err
		}
		number++
		body := bytes.TrimSuffix(line, []byte("\n"))
		if err := r.take(number, body, offset); err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
		r.Final = sum(body)
		offset += int64(len(line))
	}
	if number == 0 {
		return errors.New("not a ledger: it has no whole line")
	}
	if r.Torn && r.End != nil {
		return fmt.Errorf("line %d: %w: something follows the end of the run", number+1, ErrAltered)
	}
	if r.changes != r.Header.Input.Rows {
		return fmt.Errorf("the plan is not whole: %d of %d rows; the program was stopped before it sent anything", r.changes, r.Header.Input.Rows)
	}
	return nil
}

// take checks one line's place in the chain and remembers what the entries will need of it.
func (r *Reader) take(number int, line []byte, offset int64) error {
	var e envelope
	if err := json.Unmarshal(line, &e); err != nil {
		if number == 1 {
			return fmt.Errorf("not a ledger: %w", err)
		}
		return fmt.Errorf("%w: %w", ErrAltered, err)
	}
	switch {
	case number == 1 && e.Kind != kindRun:
		return fmt.Errorf("not a ledger: a line of kind %q stands here", e.Kind)
	case e.Prev != r.Final:
		return fmt.Errorf("%w: this line does not follow the one before it, so one of the two is not as it was written", ErrAltered)
	case number == 1:
		return r.takeHeader(line)
	case r.End != nil:
		return fmt.Errorf("%w: a line follows the end of the run", ErrAltered)
	}
	if err := r.takeKind(e.Kind, line, place{offset: offset, length: int32(len(line))}); err != nil {
		return fmt.Errorf("%w: %w", ErrAltered, err) // this program does not write such lines
	}
	return nil
}

func (r *Reader) takeKind(kind string, line []byte, at place) error {
	switch kind {
	case kindChange:
		return r.takeChange(line, at)
	case kindSending:
		return r.takeSending(line)
	case kindResult:
		return r.takeResult(line, at)
	case kindEnd:
		r.End = new(End)
		return json.Unmarshal(line, r.End)
	}
	return fmt.Errorf("a line of kind %q does not belong here", kind)
}

func (r *Reader) takeHeader(line []byte) error {
	if err := json.Unmarshal(line, &r.Header); err != nil {
		return err
	}
	if r.Header.Format != Format {
		return fmt.Errorf("the ledger has format %d, this version reads %d", r.Header.Format, Format)
	}
	return nil
}

func (r *Reader) takeChange(line []byte, at place) error {
	var c struct {
		Index   int          `json:"index"`
		Outcome diff.Outcome `json:"outcome"`
		SameAs  *int         `json:"sameAs"`
	}
	if err := json.Unmarshal(line, &c); err != nil {
		return err
	}
	if c.Index != r.changes {
		return fmt.Errorf("change %d stands where %d belongs", c.Index, r.changes)
	}
	if c.SameAs != nil {
		if err := r.known(*c.SameAs); err != nil {
			return err
		}
	}
	switch at.planned = true; {
	case c.Outcome == diff.Pending:
		at = place{}
	case !slices.Contains(diff.Outcomes(), c.Outcome):
		return fmt.Errorf("unknown outcome %q", c.Outcome)
	}
	r.changes++
	r.settled = append(r.settled, at)
	r.sent = append(r.sent, false)
	return nil
}

func (r *Reader) takeSending(line []byte) error {
	var s Sending
	if err := json.Unmarshal(line, &s); err != nil {
		return err
	}
	for _, i := range s.Changes {
		if err := r.known(i); err != nil {
			return err
		}
		r.sent[i] = true
	}
	return nil
}

func (r *Reader) takeResult(line []byte, at place) error {
	var res struct {
		Index   int          `json:"index"`
		Outcome diff.Outcome `json:"outcome"`
	}
	if err := json.Unmarshal(line, &res); err != nil {
		return err
	}
	if err := r.known(res.Index); err != nil {
		return err
	}
	if !slices.Contains(diff.Outcomes(), res.Outcome) {
		return fmt.Errorf("unknown outcome %q", res.Outcome)
	}
	if !r.settled[res.Index].planned {
		r.settled[res.Index] = at
	}
	return nil
}

func (r *Reader) known(index int) error {
	if index < 0 || index >= r.changes {
		return fmt.Errorf("change %d is not in the plan", index)
	}
	return nil
}

// Each calls f with every entry in plan order and stops at the first error, which it returns. It may
// be called again, but not from two goroutines at once.
func (r *Reader) Each(f func(Entry) error) error {
	in := bufio.NewReaderSize(io.NewSectionReader(r.file, 0, 1<<62), 256<<10)
	for seen := 0; seen < r.changes; {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return fmt.Errorf("reading the ledger again: %w", err)
		}
		var e struct {
			envelope
			Change
		}
		if err := json.Unmarshal(line, &e); err != nil {
			return fmt.Errorf("change %d: %w: %w", seen, ErrAltered, err)
		}
		if e.Kind != kindChange {
			continue
		}
		seen++
		entry, err := r.entry(e.Change)
		if err != nil {
			return err
		}
		if err := f(entry); err != nil {
			return err
		}
	}
	return nil
}

// entry settles the outcome of a row: the plan's, else the result's, else what the lack of one means.
func (r *Reader) entry(c Change) (Entry, error) {
	e := Entry{Change: c, Outcome: c.Outcome, Reason: c.Reason}
	if c.Outcome != diff.Pending {
		return e, nil
	}
	from := c.Index
	if c.SameAs != nil {
		from = *c.SameAs
	}
	at := r.settled[from]
	if at.length == 0 {
		e.Outcome, e.Reason = r.unsettled(from)
		return e, nil
	}
	line := make([]byte, at.length)
	if _, err := r.file.ReadAt(line, at.offset); err != nil {
		return e, fmt.Errorf("reading the ledger again: %w", err)
	}
	var res Result // a change's line has its outcome and reason under the same names
	if err := json.Unmarshal(line, &res); err != nil {
		return e, fmt.Errorf("change %d: %w: %w", from, ErrAltered, err)
	}
	e.Outcome, e.Reason = res.Outcome, res.Reason
	if !at.planned {
		e.Result = &res
	}
	return e, nil
}

func (r *Reader) unsettled(index int) (diff.Outcome, string) {
	switch {
	case r.sent[index]:
		return diff.Unknown, "sent, but the program was stopped before the answer was recorded"
	case r.End != nil:
		return diff.NotSent, r.End.Reason
	case r.Planned():
		return diff.NotSent, "planned; not sent yet"
	}
	return diff.NotSent, "the program was stopped before its turn"
}

// Planned reports whether the ledger is a saved plan of which nothing was sent yet.
func (r *Reader) Planned() bool { return r.Header.Command == "plan" && r.End == nil }

// Counts returns how many rows ended in each outcome, every outcome present.
func (r *Reader) Counts() (map[diff.Outcome]int, error) {
	counts := make(map[diff.Outcome]int)
	for _, o := range diff.Outcomes() {
		counts[o] = 0
	}
	err := r.Each(func(e Entry) error { counts[e.Outcome]++; return nil })
	return counts, err
}
