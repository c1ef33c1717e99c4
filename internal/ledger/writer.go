package ledger

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"taskrecon/internal/batch"
	"taskrecon/internal/diff"
	"taskrecon/internal/task"
)

// Writer appends to a ledger. It is safe for concurrent use and is a batch.Recorder: lines that must be durable and come at
// the same time share one sync, and other lines do not wait for it. After the first error every call
// returns that error: nothing is written behind a line that may be torn.
type Writer struct {
	syncing sync.Mutex // held while the file is synced, which mu is not; taken before mu

	mu     sync.Mutex
	file   File
	buf    *bufio.Writer
	prev   string
	lines  int64 // that were written
	stable int64 // of them, those on stable storage
	err    error
}

// File is what a Writer needs of its file.
type File interface {
	io.WriteCloser
	Name() string
	Sync() error
}

// Through puts what wrap returns between the Writer and its file. It must be called before anything is written.
func (w *Writer) Through(wrap func(File) File) {
	w.file = wrap(w.file)
	w.buf.Reset(w.file)
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
		Index: c.Index, Row: c.Desired.Origin().Row, ID: c.ID(), Cells: c.Desired.Cells(),
		Outcome: c.Outcome, Reason: c.Reason,
	}
	if c.SameAs >= 0 {
		line.SameAs = &c.SameAs
	}
	if c.Current != nil {
		line.DisplayName = c.Current.Get(task.DisplayName)
	}
	for _, e := range c.Edits {
		line.Edits = append(line.Edits, Edit{Property: e.Property.Name, Before: e.Before, Wanted: e.Wanted, Pairs: e.Pairs})
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
	lines := w.lines
	w.mu.Unlock()
	return w.sync(lines)
}

// Close closes the file. What was recorded since the last sync is written, and synced.
func (w *Writer) Close() error {
	err := w.Sync()
	w.syncing.Lock()
	defer w.syncing.Unlock()
	w.mu.Lock()
	defer w.mu.Unlock()
	err = errors.Join(err, w.file.Close())
	if w.err == nil {
		w.err = errClosed
	}
	return err
}

var errClosed = errors.New("writing the ledger: it is closed")

// append writes a line. The lines of others may be written while it waits for its own to be durable.
func (w *Writer) append(kind string, body any, durable bool) error {
	fields, err := fieldsOf(body)
	n, err := w.add(kind, fields, err)
	if err == nil && durable {
		return w.sync(n)
	}
	return err
}

// add writes a line of these fields, unless they failed, and returns its number, from 1.
func (w *Writer) add(kind string, fields []byte, err error) (int64, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return 0, w.err
	}
	var line []byte
	var whole string
	if err == nil {
		line, whole, err = encode(envelope{kind, w.prev}, fields)
	}
	if err == nil {
		_, err = w.buf.Write(line)
	}
	if err != nil {
		w.err = fmt.Errorf("writing the ledger: %w", err)
		return 0, w.err
	}
	w.prev = whole
	w.lines++
	return w.lines, nil
}

// sync returns once the first n lines are on stable storage. Those who wait for another's sync share the next one.
func (w *Writer) sync(n int64) error {
	w.syncing.Lock()
	defer w.syncing.Unlock()
	lines, err := w.flush(n)
	if err != nil || lines == 0 {
		return err
	}
	err = w.file.Sync()
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.err = fmt.Errorf("writing the ledger: %w", err)
	}
	if w.err == nil {
		w.stable = lines
	}
	return w.err
}

// flush hands the lines to the file and returns how many there are; 0 if the first n are on stable storage already.
func (w *Writer) flush(n int64) (lines int64, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil || w.stable >= n {
		return 0, w.err
	}
	if err := w.buf.Flush(); err != nil {
		w.err = fmt.Errorf("writing the ledger: %w", err)
		return 0, w.err
	}
	return w.lines, nil
}

// fieldsOf is the members of a body, without braces.
func fieldsOf(body any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes()[1:], []byte("}\n")), nil
}

// encode joins the fields of the envelope and of the body into one object on one line, with its sum, and returns the
// hash of that line without the newline.
func encode(e envelope, fields []byte) (line []byte, whole string, err error) {
	head, err := json.Marshal(e)
	if err != nil {
		return nil, "", err
	}
	line = make([]byte, 0, len(head)+len(fields)+sumLength+1)
	line = append(append(line, head[:len(head)-1]...), ',')
	line = append(line, fields...)
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
	if runtime.GOOS == "windows" { // which syncs no directories, and keeps names in a journal of its own
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
