package task

import (
	"bytes"
	"errors"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// ErrUnusual says that a task's JSON is of a shape that a Decoder does not read. It may be right or wrong: UnmarshalJSON tells.
var ErrUnusual = errors.New("JSON of an unusual shape")

// Tokens returns a reader of data that takes what encoding/json takes: names that are there twice, and bytes that are no UTF-8.
// Nobody may change data while it is in use.
func Tokens(data []byte) *jsontext.Decoder {
	return jsontext.NewDecoder(bytes.NewBuffer(data), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

// Members reads the object that stands next in dec, in which f reads each value: it is called with the name before it, in
// quotes, which is good until f reads on. Anything else than an object is ErrUnusual.
func Members(dec *jsontext.Decoder, f func(name []byte) error) error {
	if dec.PeekKind() != '{' {
		return ErrUnusual
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() != '}' {
		name, err := dec.ReadValue()
		if err != nil {
			return err
		}
		if err := f(name); err != nil {
			return err
		}
	}
	_, err := dec.ReadToken()
	return err
}

// Elements reads the array that stands next in dec, in which f reads each element. Anything else than an array is ErrUnusual.
func Elements(dec *jsontext.Decoder, f func() error) error {
	if dec.PeekKind() != '[' {
		return ErrUnusual
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() != ']' {
		if err := f(); err != nil {
			return err
		}
	}
	_, err := dec.ReadToken()
	return err
}

// tasksPerSlab tasks are allocated at once; they fill 32 KiB.
const tasksPerSlab = 110

// Decoder reads the tasks of a list in one pass. It reads the shape that Graph sends, to the same task as UnmarshalJSON does,
// and refuses every other with ErrUnusual. Texts that many tasks share are held once.
//
// The zero Decoder is ready for use. It may not be used concurrently; the tasks may. Tasks share memory: one that is kept
// keeps the room of up to 109 others.
type Decoder struct {
	slab   []Task
	shared shared
	pairs  pairDecoder

	// The task being read: its own texts one after the other, to become one string, and where each is.
	buf  []byte
	own  [Count + 1]span // by property; the id is last
	seen uint32          // bits of the members that were there, likewise
}

type span struct{ from, to int }

// Members beside the properties, in Decoder.seen.
const (
	idMember   = Count
	typeMember = Count + 1
)

// memberOf finds the index of a member by its name in quotes.
var memberOf = make(map[string]int, Count+2)

func init() {
	memberOf[`"`+IDName+`"`], memberOf[`"@odata.type"`] = idMember, typeMember
	for i, p := range table {
		memberOf[`"`+p.Name+`"`] = i
	}
}

// Next reads the task that stands next in dec, which Tokens made. After an error dec is somewhere within it.
func (d *Decoder) Next(dec *jsontext.Decoder) (*Task, error) {
	if len(d.slab) == 0 {
		d.slab = make([]Task, tasksPerSlab)
	}
	t := &d.slab[0]
	*t = Task{} // one that was refused half-way may have been here
	d.buf, d.own, d.seen = d.buf[:0], [Count + 1]span{}, 0
	if err := Members(dec, func(name []byte) error { return d.member(dec, t, name) }); err != nil {
		return nil, err
	}
	if err := d.finish(t); err != nil {
		return nil, err
	}
	d.slab = d.slab[1:]
	return t, nil
}

// member reads the value of the member with this name, in quotes.
func (d *Decoder) member(dec *jsontext.Decoder, t *Task, name []byte) error {
	if bytes.IndexByte(name, '\\') >= 0 {
		return ErrUnusual
	}
	m, known := memberOf[string(name)]
	if !known {
		return dec.SkipValue()
	}
	if d.seen&(1<<m) != 0 {
		return ErrUnusual
	}
	d.seen |= 1 << m
	if m < Count && t.Type != "" && !t.Managed() && table[m] != DisplayName {
		return dec.SkipValue() // what another type means by this name is no concern of ours
	}
	raw, err := dec.ReadValue()
	if err != nil {
		return err
	}
	kind := raw.Kind()
	switch {
	case kind == 'n':
		return nil
	case m >= Count && kind != '"':
		return ErrUnusual
	case m == typeMember:
		text, ok := plainText(raw)
		if !ok {
			return ErrUnusual
		}
		t.Type = d.shared.text(text)
		return nil
	case m == idMember:
		return d.keep(m, raw)
	}
	return d.property(t, table[m], raw)
}

// property reads the value of a property, which is not null.
func (d *Decoder) property(t *Task, p *Property, raw jsontext.Value) error {
	kind := raw.Kind()
	switch {
	case p.Kind == Settings:
		if text, ok := d.pairs.plain(raw); ok {
			t.values.set(p, Text(d.shared.text(text)))
			return nil
		}
	case p.Kind == Int32:
		if kind == '0' && plainDigits(raw) {
			t.values.set(p, Text(d.shared.text(raw)))
			return nil
		}
	case kind != '"':
		return ErrUnusual
	case p.Kind == DateTime:
		if text, ok := plainText(raw); ok {
			from := len(d.buf)
			if buf, ok := appendTime(d.buf, text); ok {
				d.buf, d.own[p.index] = buf, span{from, len(buf)}
				t.values.known |= 1 << p.index
				return nil
			}
		}
	case p.Kind == Enum || p == AssignedTo || p == Creator:
		if text, ok := plainText(raw); ok {
			t.values.set(p, Text(d.shared.text(text)))
			return nil
		}
	default:
		t.values.known |= 1 << p.index
		return d.keep(p.index, raw)
	}
	v, err := p.FromWire([]byte(raw))
	if err != nil {
		return ErrUnusual
	}
	t.values.set(p, v)
	return nil
}

// keep adds a string to the task's own texts.
func (d *Decoder) keep(member int, raw jsontext.Value) error {
	from := len(d.buf)
	if text, ok := plainText(raw); ok {
		d.buf = append(d.buf, text...)
	} else if buf, err := jsontext.AppendUnquote(d.buf, raw); err == nil {
		d.buf = buf
	} else {
		return ErrUnusual
	}
	d.own[member] = span{from, len(d.buf)}
	return nil
}

// finish hands the task its own texts.
func (d *Decoder) finish(t *Task) error {
	texts := string(d.buf)
	id := d.own[idMember]
	t.ID = texts[id.from:id.to]
	if t.ID == "" {
		return ErrUnusual
	}
	for i, at := range d.own[:Count] {
		if at.to > at.from {
			t.values.texts[i] = texts[at.from:at.to]
		}
	}
	if t.Managed() || t.Type == "" {
		t.values.had = uint16(d.seen & (1<<Count - 1))
	} else if t.values.known != 0 {
		name := t.Get(DisplayName) // the type came after other members
		t.values = values{}
		t.Set(DisplayName, name)
	}
	return nil
}

// plainText returns what a JSON string holds where that is what stands between the quotes.
func plainText(raw []byte) ([]byte, bool) {
	if raw[0] != '"' || bytes.IndexByte(raw, '\\') >= 0 || !utf8.Valid(raw) {
		return nil, false
	}
	return raw[1 : len(raw)-1], true
}

// plainDigits reports whether a JSON number is in the form that WholeNumber gives it.
func plainDigits(raw []byte) bool {
	for _, c := range raw {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true // JSON has no leading zeros
}

// Bounds on the texts that are held once: nothing a list holds makes the table grow beyond them.
const (
	mostShared    = 1 << 14 // texts
	longestShared = 1 << 10 // bytes of each
)

// shared holds one copy of texts that come again and again.
type shared struct{ texts map[string]string }

func (s *shared) text(b []byte) string {
	if text, ok := s.texts[string(b)]; ok {
		return text
	}
	text := string(b)
	if len(b) > longestShared {
		return text
	}
	if s.texts == nil || len(s.texts) >= mostShared {
		s.texts = make(map[string]string) // what is still in use comes back
	}
	s.texts[text] = text
	return text
}
