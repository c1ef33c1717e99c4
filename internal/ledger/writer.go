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

	"taskrecon/internal/diff"
	"taskrecon/internal/task"
)

// Writer appends to a ledger. It is safe for concurrent use. Each line is handed to the file as it is written; lines that must be
// durable and come at the same time share one sync, and other lines do not wait for it. After an error of writing every call returns
// that error: nothing is written behind a line that may be torn. After an error of syncing, only calls that must be durable do, so
// that results of what is on the wire are still written.
type Writer struct {
	syncing sync.Mutex // held while the file is synced, which mu is not; taken before mu

	mu     sync.Mutex
	file   File
	buf    *bufio.Writer
	prev   string
	acted  map[int]bool // changes whose status was announced by the action
	lines  int64        // that were written
	stable int64        // of them, those on stable storage
	err    error        // of writing
	unsafe error        // of syncing
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
		line.Type, line.DisplayName = c.Current.Type, c.Current.Get(task.DisplayName)
	}
	line.Note, line.StatusVia, line.BaseRead, line.NotBefore = c.Note, c.StatusVia, c.BaseRead, c.NotBefore
	for _, e := range c.Edits {
		line.Edits = append(line.Edits, Edit{Property: e.Property.Name, Before: e.Before, Wanted: e.Wanted, Pairs: e.Pairs, Overwrites: e.Overwrites})
	}
	for _, v := range c.Compared() {
		line.Compared = append(line.Compared, Compared{v.Property.Name, v.Base, v.Found, v.Wanted})
	}
	return line
}

// Sending records an envelope and returns once the line is on stable storage.
func (w *Writer) Sending(e diff.Envelope) error {
	line := Sending{ClientRequestID: e.ClientRequestID, Writes: e.Writes, At: stamp(e.At)}
	for i, c := range e.Changes {
		line.Changes = append(line.Changes, c.Index)
		if e.Writes[i] == diff.ViaAction {
			w.act(c.Index)
		}
		for _, v := range valuesOf(e.Overwrites[i]) {
			line.Overwrites = append(line.Overwrites, IndexedValue{c.Index, v})
		}
	}
	return w.append(kindSending, line, true)
}

// act remembers that the status of a change goes by the action, which may be the second of two writes.
func (w *Writer) act(index int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.acted == nil {
		w.acted = map[int]bool{}
	}
	w.acted[index] = true
}

func (w *Writer) hasActed(index int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.acted[index]
}

func valuesOf(over []diff.Overwritten) []PropertyValue {
	var values []PropertyValue
	for _, o := range over {
		values = append(values, PropertyValue{o.Property.Name, o.Value})
	}
	return values
}

// Part records that the first of a change's two writes is applied. The line is in the file when Part returns.
func (w *Writer) Part(p diff.Part) error {
	return w.append(kindPart, Part{Index: p.Change.Index, Write: p.Via, At: stamp(p.At)}, false)
}

// Result records how a change ended. The line is in the file when Result returns, and durable with the next Sending, End or Sync.
func (w *Writer) Result(r diff.Result) error {
	line := Result{
		Index: r.Change.Index, Outcome: r.Outcome, Reason: r.Reason, After: r.After, Attempts: r.Attempts,
		Status: r.Status, Code: r.Code, RequestID: r.RequestID, ClientRequestID: r.ClientRequestID,
		ServerDate: r.ServerDate, Temporary: r.Temporary, SentAt: stamp(r.SentAt), SettledAt: stamp(r.SettledAt),
		SettledAfter: r.SettledAfter.Round(time.Millisecond).Seconds(), Overwrote: valuesOf(r.Overwrote),
	}
	if r.Attempts > 0 && (r.Change.StatusVia != diff.ViaAction || w.hasActed(r.Change.Index)) {
		line.Note, line.StatusVia = r.Change.Note, r.Change.StatusVia
	}
	return w.append(kindResult, line, false)
}

// Resumed marks where a run goes on, with what h says of who resumed it, when and how, and the signature of the plan where it is to be
// copied, and returns once the line is on stable storage.
func (w *Writer) Resumed(h Header, signature string) error {
	return w.append(kindRun, resumed{true, Resumption{
		Started: h.Started, Operator: h.Operator, Actor: h.Actor, AppID: h.AppID, ObjectID: h.ObjectID,
		Version: h.Version, Options: h.Options, SettleWithin: h.SettleWithin, Signature: signature,
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
	n, err := w.add(kind, fields, err, kind != kindChange)
	if err == nil && durable {
		return w.sync(n)
	}
	return err
}

// add writes a line of these fields, unless they failed, and returns its number, from 1. It hands the line to the file at once, but
// for lines of the plan, of which there are many.
func (w *Writer) add(kind string, fields []byte, err error, atOnce bool) (int64, error) {
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
	if err == nil && atOnce {
		err = w.buf.Flush()
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
		w.unsafe = fmt.Errorf("writing the ledger: %w", err)
		return w.unsafe
	}
	w.stable = max(w.stable, lines)
	return nil
}

// flush hands the lines to the file and returns how many there are; 0 if the first n are on stable storage already.
func (w *Writer) flush(n int64) (lines int64, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := errors.Join(w.err, w.unsafe); err != nil || w.stable >= n {
		return 0, err
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
