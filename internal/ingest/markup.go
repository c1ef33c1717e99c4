package ingest

import (
	"bytes"
	"errors"
	"strconv"
	"unicode/utf8"
)

// errUnknown says that quick reading met something that it does not know, be it right or wrong: the
// careful reading decides.
var errUnknown = errors.New("this is not known to quick reading")

// markup reads the plain part of XML, in which nearly all that sheets hold is written: elements,
// attributes in printable ASCII, text with the usual escapes. All else is errUnknown: comments,
// CDATA, instructions, and whatever is not well-formed.
type markup struct {
	b  []byte
	at int
}

func (m *markup) peek() byte {
	if m.at < len(m.b) {
		return m.b[m.at]
	}
	return 0
}

func (m *markup) space() {
	for m.at < len(m.b) && isSpace(m.b[m.at]) {
		m.at++
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// take goes beyond a literal, if it stands here.
func (m *markup) take(s string) bool {
	if len(m.b)-m.at < len(s) || string(m.b[m.at:m.at+len(s)]) != s {
		return false
	}
	m.at += len(s)
	return true
}

// open goes beyond "<name", if an element of this name begins here.
func (m *markup) open(name string) bool {
	end := m.at + 1 + len(name)
	if end >= len(m.b) || m.b[m.at] != '<' || string(m.b[m.at+1:end]) != name || nameByte[m.b[end]] {
		return false
	}
	m.at = end
	return true
}

// attribute reads the next attribute of a start tag; name is nil behind the last. A value has no escapes.
func (m *markup) attribute() (name, value []byte, err error) {
	start := m.at
	m.space()
	if c := m.peek(); c == '>' || c == '/' {
		return nil, nil, nil
	}
	if m.at == start {
		return nil, nil, errUnknown
	}
	if name, err = m.name(); err != nil {
		return nil, nil, err
	}
	if !m.take("=") {
		return nil, nil, errUnknown
	}
	quote := m.peek()
	if quote != '"' && quote != '\'' {
		return nil, nil, errUnknown
	}
	m.at++
	for from := m.at; m.at < len(m.b); m.at++ {
		switch c := m.b[m.at]; {
		case c == quote:
			m.at++
			return name, m.b[from : m.at-1], nil
		case c < ' ' || c > '~' || c == '<' || c == '&':
			return nil, nil, errUnknown
		}
	}
	return nil, nil, errUnknown
}

var nameByte = func() (is [256]bool) {
	for c := range is {
		is[c] = 'a' <= c|0x20 && c|0x20 <= 'z' && c < 0x80 || '0' <= c && c <= '9' || c == ':' || c == '_' || c == '-' || c == '.'
	}
	return is
}()

// name reads the name of an element or attribute, with one prefix at most.
func (m *markup) name() ([]byte, error) {
	start := m.at
	for m.at < len(m.b) && nameByte[m.b[m.at]] {
		m.at++
	}
	name := m.b[start:m.at]
	if len(name) == 0 || name[0]-'a' > 'z'-'a' && name[0]-'A' > 'Z'-'A' {
		return nil, errUnknown
	}
	if colon := bytes.IndexByte(name, ':'); colon >= 0 && (colon == len(name)-1 || bytes.IndexByte(name[colon+1:], ':') >= 0) {
		return nil, errUnknown
	}
	return name, nil
}

// tagEnd reads the end of a start tag; empty says that it ends the element too.
func (m *markup) tagEnd() (empty bool, err error) {
	empty = m.take("/")
	if !m.take(">") {
		return false, errUnknown
	}
	return empty, nil
}

// attributes reads the attributes of a start tag, all of which have to fit.
func (m *markup) attributes(fit func(name string, value []byte) bool) error {
	for {
		name, value, err := m.attribute()
		if err != nil || name == nil {
			return err
		}
		if !fit(string(name), value) {
			return errUnknown
		}
	}
}

// bare reads the rest of a start tag whose attributes do not count.
func (m *markup) bare() (empty bool, err error) {
	if err := m.attributes(func(string, []byte) bool { return true }); err != nil {
		return false, err
	}
	return m.tagEnd()
}

var plainByte = func() (is [256]bool) {
	for c := ' '; c <= '~'; c++ {
		is[c] = c != '&' && c != '<' && c != ']'
	}
	is['\n'], is['\t'] = true, true
	return is
}()

// text appends the text up to the next tag.
func (m *markup) text(to []byte) ([]byte, error) {
	rest := m.b[m.at:]
	n := 0
	for n < len(rest) && plainByte[rest[n]] {
		n++
	}
	if n < len(rest) && rest[n] == '<' {
		m.at += n
		return append(to, rest[:n]...), nil
	}
	end := bytes.IndexByte(rest, '<')
	if end < 0 {
		return nil, errUnknown
	}
	m.at += end
	return appendText(to, rest[:end])
}

// appendText is text for text that is more than plain ASCII.
func appendText(to, raw []byte) ([]byte, error) {
	if !utf8.Valid(raw) || bytes.Contains(raw, []byte("]]>")) {
		return nil, errUnknown
	}
	for i := 0; i < len(raw); {
		switch c := raw[i]; {
		case c == '&':
			end := bytes.IndexByte(raw[i:min(len(raw), i+12)], ';')
			r, ok := rune(0), false
			if end > 0 {
				r, ok = entity(string(raw[i+1 : i+end]))
			}
			if !ok {
				return nil, errUnknown
			}
			to = utf8.AppendRune(to, r)
			i += end + 1
		case c == '\r': // XML has one kind of line end
			to = append(to, '\n')
			if i++; i < len(raw) && raw[i] == '\n' {
				i++
			}
		default:
			r, size := utf8.DecodeRune(raw[i:])
			if !xmlRune(r) {
				return nil, errUnknown
			}
			to = append(to, raw[i:i+size]...)
			i += size
		}
	}
	return to, nil
}

func xmlRune(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= ' ' && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= utf8.MaxRune
}

func entity(name string) (rune, bool) {
	switch name {
	case "amp":
		return '&', true
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	if len(name) < 2 || name[0] != '#' {
		return 0, false
	}
	digits, base := name[1:], 10
	if digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	return rune(n), err == nil && n <= utf8.MaxRune && xmlRune(rune(n))
}

// agreed reports whether readers agree on the _xHHHH_ in a text.
func agreed(text []byte) bool {
	for {
		i := bytes.Index(text, []byte("_x"))
		if i < 0 {
			return true
		}
		text = text[i:]
		if len(text) >= 7 && text[6] == '_' {
			unit, err := strconv.ParseUint(string(text[2:6]), 16, 16)
			if err != nil || unit >= 0xD800 && unit <= 0xDFFF {
				return false
			}
			text = text[5:]
		}
		text = text[2:]
	}
}
