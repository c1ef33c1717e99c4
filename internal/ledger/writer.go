package ledger

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"taskrecon/internal/batch"
	"taskrecon/internal/diff"
	"taskrecon/internal/task"
)

// Writer appends to a ledger. It is safe for concurrent use and is a batch.Recorder. After the first error every call
// returns that error: nothing is written behind a line that may be torn.
type Writer struct {
	mu   sync.Mutex
	file *os.File
	buf  *bufio.Writer
	prev string
	err  error
}

// Create starts a ledger at path, which must not exist, with mode 0600.
func Create(path string) (*Writer, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("starting the ledger: %w", err)
	}
	return &Writer{file: f, buf: bufio.NewWriterSize(f, 64<<10)}, nil
}

// Plan writes the header, completed by the hash of the plan, and a line for each change, and returns once they are on
// stable storage.
func (w *Writer) Plan(h Header, changes []diff.Change) error {
	if h.Input.Rows != len(changes) {
		return fmt.Errorf("writing the ledger: the plan has %d changes for %d rows", len(changes), h.Input.Rows)
	}
	h.Format, h.PlanHash = Format, PlanHash(changes)
	if err := w.append(kindRun, h, false); err != nil {
		return err
	}
	for i := range changes {
		if err := w.append(kindChange, changeLine(&changes[i]), false); err != nil {
			return err
		}
	}
	if err := w.Sync(); err != nil {
		return err
	}
	return syncDir(filepath.Dir(w.file.Name()))
}

func changeLine(c *diff.Change) Change {
	line := Change{
		Index: c.Index, Row: c.Desired.Origin.Row, ID: c.ID(), Cells: c.Desired.Cells,
		Outcome: c.Outcome, Reason: c.Reason,
	}
	if c.SameAs >= 0 {
		line.SameAs = &c.SameAs
	}
	if c.Current != nil {
		line.DisplayName = c.Current.Get(task.DisplayName)
	}
	for _, e := range c.Edits {
		line.Edits = append(line.Edits, Edit{Property: e.Property.Name, Before: e.Before, Wanted: e.Wanted})
	}
	return line
}

// Sending records an envelope and returns once the line is on stable storage.
func (w *Writer) Sending(e batch.Envelope) error {
	line := Sending{ClientRequestID: e.ClientRequestID, At: stamp(e.At)}
	for _, c := range e.Changes {
		line.Changes = append(line.Changes, c.Index)
	}
	return w.append(kindSending, line, true)
}

// Result records how a change ended. It is durable with the next Sending, End or Sync.
func (w *Writer) Result(r batch.Result) error {
	return w.append(kindResult, Result{
		Index: r.Change.Index, Outcome: r.Outcome, Reason: r.Reason, After: r.After, Attempts: r.Attempts,
		Status: r.Status, Code: r.Code, RequestID: r.RequestID, ClientRequestID: r.ClientRequestID,
		ServerDate: r.ServerDate, Temporary: r.Temporary, SentAt: stamp(r.SentAt), SettledAt: stamp(r.SettledAt),
	}, false)
}

// Resumed marks where a run goes on, with what h says of who resumed it, when and how, and returns once the line is on
// stable storage.
func (w *Writer) Resumed(h Header) error {
	return w.append(kindRun, resumed{true, Resumption{
		Started: h.Started, Operator: h.Operator, Actor: h.Actor, AppID: h.AppID, ObjectID: h.ObjectID,
		Version: h.Version, Options: h.Options,
	}}, true)
}

// End records the end of the run, or of a leg of it, and returns once it is on stable storage.
func (w *Writer) End(e End) error { return w.append(kindEnd, e, true) }

// Sync brings all that was recorded to stable storage.
func (w *Writer) Sync() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sync()
}

// Close closes the file. What was recorded since the last sync is written, and synced.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	err := errors.Join(w.sync(), w.file.Close())
	if w.err == nil {
		w.err = errClosed
	}
	return err
}

var errClosed = errors.New("writing the ledger: it is closed")

func (w *Writer) append(kind string, body any, durable bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	line, whole, err := encode(envelope{kind, w.prev}, body)
	if err == nil {
		_, err = w.buf.Write(line)
	}
	if err != nil {
		w.err = fmt.Errorf("writing the ledger: %w", err)
		return w.err
	}
	w.prev = whole
	if durable {
		return w.sync()
	}
	return nil
}

func (w *Writer) sync() error {
	if w.err != nil {
		return w.err
	}
	if err := errors.Join(w.buf.Flush(), w.file.Sync()); err != nil {
		w.err = fmt.Errorf("writing the ledger: %w", err)
	}
	return w.err
}

// encode joins the fields of the envelope and of the body into one object on one line, with its sum, and returns the
// hash of that line without the newline.
func encode(e envelope, body any) (line []byte, whole string, err error) {
	head, err := json.Marshal(e)
	if err != nil {
		return nil, "", err
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		return nil, "", err
	}
	line = append(head[:len(head)-1], ',')
	line = append(line, bytes.TrimSuffix(buf.Bytes()[1:], []byte("}\n"))...)
	member, whole := sums(line)
	return append(append(line, member...), '\n'), whole, nil
}

func stamp(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC().Truncate(time.Millisecond)
}

// syncDir makes a file's name durable, not only its contents.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
