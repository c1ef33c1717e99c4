package ledger

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"taskrecon/internal/diff"
	"taskrecon/internal/task"
)

// lineDecoder reads lines as this program writes them, several times as fast as encoding/json, and leaves every other line to
// that. It may not be used concurrently.
type lineDecoder struct {
	in  bytes.Buffer
	dec *jsontext.Decoder
	buf []byte
}

func newLineDecoder() *lineDecoder { return &lineDecoder{dec: new(jsontext.Decoder)} }

// decode reads a line into all by quick, or where that does not know it by encoding/json.
func decode[T any](d *lineDecoder, line []byte, all *T, quick func(name []byte) error) error {
	d.in = *bytes.NewBuffer(line)
	d.dec.Reset(&d.in, jsontext.AllowInvalidUTF8(true)) // where it matters, text refuses it
	err := task.Members(d.dec, quick)
	if err == nil {
		if _, end := d.dec.ReadToken(); end != io.EOF {
			err = task.ErrUnusual
		}
	}
	if err != nil {
		*all = *new(T)
		return json.Unmarshal(line, all)
	}
	return nil
}

// other skips the members that every line has beside its own.
func (d *lineDecoder) other(name []byte) error {
	switch string(name) {
	case `"kind"`, `"prev"`, `"sum"`:
		return d.dec.SkipValue()
	}
	return task.ErrUnusual // encoding/json may know it: it is not strict about letters' case
}

func (d *lineDecoder) text(s *string) error {
	raw, err := d.dec.ReadValue()
	if err != nil {
		return err
	}
	switch {
	case raw.Kind() != '"' || !utf8.Valid(raw):
		return task.ErrUnusual
	case bytes.IndexByte(raw, '\\') < 0:
		*s = string(raw[1 : len(raw)-1])
		return nil
	}
	if d.buf, err = jsontext.AppendUnquote(d.buf[:0], raw); err == nil {
		*s = string(d.buf)
	}
	return err
}

func (d *lineDecoder) value(v *task.Value) error {
	if d.dec.PeekKind() == 'n' {
		*v = task.Null
		return d.dec.SkipValue()
	}
	var s string
	err := d.text(&s)
	*v = task.Text(s)
	return err
}

func (d *lineDecoder) number(n *int) error {
	raw, err := d.dec.ReadValue()
	if err != nil {
		return err
	}
	if *n, err = strconv.Atoi(string(raw)); err != nil {
		return task.ErrUnusual
	}
	return nil
}

func (d *lineDecoder) seconds(n *float64) error {
	raw, err := d.dec.ReadValue()
	if err != nil {
		return err
	}
	if *n, err = strconv.ParseFloat(string(raw), 64); err != nil {
		return task.ErrUnusual
	}
	return nil
}

func (d *lineDecoder) truth(b *bool) error {
	raw, err := d.dec.ReadValue()
	if *b = raw.Kind() == 't'; !*b && raw.Kind() != 'f' {
		return task.ErrUnusual
	}
	return err
}

func (d *lineDecoder) time(t *time.Time) error {
	raw, err := d.dec.ReadValue()
	if err != nil {
		return err
	}
	if raw.Kind() != '"' {
		return task.ErrUnusual
	}
	return t.UnmarshalJSON(raw)
}

func (d *lineDecoder) outcome(o *diff.Outcome) error {
	var s string
	err := d.text(&s)
	*o = diff.Outcome(s)
	return err
}

func (d *lineDecoder) via(v *diff.Via) error {
	var s string
	err := d.text(&s)
	*v = diff.Via(s)
	return err
}

func (d *lineDecoder) edits(edits *[]Edit) error {
	*edits = []Edit{}
	return task.Elements(d.dec, func() error {
		var e Edit
		err := task.Members(d.dec, func(name []byte) error {
			switch string(name) {
			case `"property"`:
				return d.text(&e.Property)
			case `"before"`:
				return d.value(&e.Before)
			case `"wanted"`:
				return d.value(&e.Wanted)
			case `"pairs"`:
				return d.truth(&e.Pairs)
			case `"overwrites"`:
				return d.truth(&e.Overwrites)
			}
			return task.ErrUnusual
		})
		*edits = append(*edits, e)
		return err
	})
}

// indexedChange is what the index needs of a change.
type indexedChange struct {
	Index   int          `json:"index"`
	ID      string       `json:"id"`
	Edits   []Edit       `json:"edits"`
	Outcome diff.Outcome `json:"outcome"`
	SameAs  *int         `json:"sameAs"`
	Note    string       `json:"note"`
	Via     diff.Via     `json:"statusVia"`
}

func (d *lineDecoder) indexedChange(line []byte) (c indexedChange, err error) {
	err = decode(d, line, &c, func(name []byte) error {
		switch string(name) {
		case `"index"`:
			return d.number(&c.Index)
		case `"id"`:
			return d.text(&c.ID)
		case `"edits"`:
			return d.edits(&c.Edits)
		case `"outcome"`:
			return d.outcome(&c.Outcome)
		case `"sameAs"`:
			c.SameAs = new(int)
			return d.number(c.SameAs)
		case `"note"`:
			return d.text(&c.Note)
		case `"statusVia"`:
			return d.via(&c.Via)
		case `"row"`, `"type"`, `"displayName"`, `"cells"`, `"reason"`, `"baseRead"`, `"notBefore"`, `"compared"`:
			return d.dec.SkipValue()
		}
		return d.other(name)
	})
	return c, err
}

// indexedResult is what the index needs of a result.
type indexedResult struct {
	Index     int          `json:"index"`
	Outcome   diff.Outcome `json:"outcome"`
	Temporary bool         `json:"temporary"`
	Attempts  int          `json:"attempts"`

	SettledAt    time.Time `json:"settledAt"`
	SettledAfter float64   `json:"settledAfter"`
}

func (d *lineDecoder) indexedResult(line []byte) (r indexedResult, err error) {
	err = decode(d, line, &r, func(name []byte) error {
		switch string(name) {
		case `"index"`:
			return d.number(&r.Index)
		case `"outcome"`:
			return d.outcome(&r.Outcome)
		case `"temporary"`:
			return d.truth(&r.Temporary)
		case `"attempts"`:
			return d.number(&r.Attempts)
		case `"settledAt"`:
			return d.time(&r.SettledAt)
		case `"settledAfter"`:
			return d.seconds(&r.SettledAfter)
		case `"reason"`, `"after"`, `"status"`, `"code"`, `"requestId"`, `"clientRequestId"`, `"serverDate"`, `"sentAt"`, `"overwrote"`, `"note"`, `"statusVia"`:
			return d.dec.SkipValue()
		}
		return d.other(name)
	})
	return r, err
}

// change reads the plan's line for a row.
func (d *lineDecoder) change(line []byte) (Change, error) {
	var c Change
	err := decode(d, line, &c, func(name []byte) error {
		switch string(name) {
		case `"index"`:
			return d.number(&c.Index)
		case `"row"`:
			return d.number(&c.Row)
		case `"id"`:
			return d.text(&c.ID)
		case `"type"`:
			return d.text(&c.Type)
		case `"displayName"`:
			return d.value(&c.DisplayName)
		case `"cells"`:
			return d.cells(&c.Cells)
		case `"edits"`:
			return d.edits(&c.Edits)
		case `"outcome"`:
			return d.outcome(&c.Outcome)
		case `"reason"`:
			return d.text(&c.Reason)
		case `"sameAs"`:
			c.SameAs = new(int)
			return d.number(c.SameAs)
		case `"note"`:
			return d.text(&c.Note)
		case `"statusVia"`:
			return d.via(&c.StatusVia)
		case `"baseRead"`:
			return d.time(&c.BaseRead)
		case `"notBefore"`:
			return d.time(&c.NotBefore)
		case `"compared"`:
			return d.compared(&c.Compared)
		}
		return d.other(name)
	})
	return c, err
}

func (d *lineDecoder) compared(all *[]Compared) error {
	*all = []Compared{}
	return task.Elements(d.dec, func() error {
		var v Compared
		err := task.Members(d.dec, func(name []byte) error {
			switch string(name) {
			case `"property"`:
				return d.text(&v.Property)
			case `"base"`:
				return d.value(&v.Base)
			case `"found"`:
				return d.value(&v.Found)
			case `"wanted"`:
				return d.value(&v.Wanted)
			}
			return task.ErrUnusual
		})
		*all = append(*all, v)
		return err
	})
}

func (d *lineDecoder) cells(cells *[]string) error {
	if d.dec.PeekKind() == 'n' {
		return d.dec.SkipValue()
	}
	*cells = []string{}
	return task.Elements(d.dec, func() error {
		var s string
		err := d.text(&s)
		*cells = append(*cells, s)
		return err
	})
}

// result reads the line that says how a change ended.
func (d *lineDecoder) result(line []byte) (*Result, error) {
	r := new(Result)
	err := decode(d, line, r, func(name []byte) error {
		switch string(name) {
		case `"index"`:
			return d.number(&r.Index)
		case `"outcome"`:
			return d.outcome(&r.Outcome)
		case `"reason"`:
			return d.text(&r.Reason)
		case `"after"`:
			r.After = []task.Value{}
			return task.Elements(d.dec, func() error {
				var v task.Value
				err := d.value(&v)
				r.After = append(r.After, v)
				return err
			})
		case `"attempts"`:
			return d.number(&r.Attempts)
		case `"status"`:
			return d.number(&r.Status)
		case `"code"`:
			return d.text(&r.Code)
		case `"requestId"`:
			return d.text(&r.RequestID)
		case `"clientRequestId"`:
			return d.text(&r.ClientRequestID)
		case `"serverDate"`:
			return d.time(&r.ServerDate)
		case `"temporary"`:
			return d.truth(&r.Temporary)
		case `"sentAt"`:
			return d.time(&r.SentAt)
		case `"settledAt"`:
			return d.time(&r.SettledAt)
		case `"settledAfter"`:
			return d.seconds(&r.SettledAfter)
		case `"note"`:
			return d.text(&r.Note)
		case `"statusVia"`:
			return d.via(&r.StatusVia)
		} // "overwrote" is rare, and left to encoding/json
		return d.other(name)
	})
	return r, err
}
