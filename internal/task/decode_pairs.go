package task

import "bytes"

// pairDecoder reads intendedSettings whose texts need no escapes into the text of their value. The zero pairDecoder is ready for use.
type pairDecoder struct {
	in  []byte // what is left of the array
	out []byte // used again
}

// plain returns the text that SettingsValue makes of the pairs in raw, which has been found to be JSON; it is valid until the
// next call. ok is false for anything that is not an array of plain pairs, whose members are texts or null.
func (d *pairDecoder) plain(raw []byte) (text []byte, ok bool) {
	if raw[0] != '[' || !needsNoEscapes(raw) {
		return nil, false
	}
	d.in, d.out = raw[1:], append(d.out[:0], '[')
	for {
		switch d.next() {
		case '{':
			if len(d.out) > 1 {
				d.out = append(d.out, ',')
			}
			if !d.pair() {
				return nil, false
			}
		case ',':
		case ']':
			d.out = append(d.out, ']')
			return d.out, true
		default:
			return nil, false
		}
	}
}

// next takes the next byte that is no space; at the end it is 0.
func (d *pairDecoder) next() byte {
	for i, c := range d.in {
		if c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			d.in = d.in[i+1:]
			return c
		}
	}
	d.in = nil
	return 0
}

// pair reads what follows a brace, and writes the pair. A text that is nil is null.
func (d *pairDecoder) pair() bool {
	var name, value []byte
	var hasName, hasValue bool
	for {
		switch d.next() {
		case ',':
			continue
		case '}':
			d.write(name, value)
			return true
		case '"':
		default:
			return false
		}
		member, ok := d.quoted()
		if !ok || d.next() != ':' {
			return false
		}
		text, ok := d.textOrNull()
		if !ok {
			return false
		}
		switch {
		case string(member) == "name" && !hasName:
			name, hasName = text, true
		case string(member) == "value" && !hasValue:
			value, hasValue = text, true
		case bytes.EqualFold(member, []byte("name")) || bytes.EqualFold(member, []byte("value")):
			return false // there twice, or encoding/json takes it for the member
		}
	}
}

// textOrNull takes a string, or null, which is nil.
func (d *pairDecoder) textOrNull() (text []byte, ok bool) {
	switch d.next() {
	case '"':
		return d.quoted()
	case 'n':
		d.in, ok = bytes.CutPrefix(d.in, []byte("ull"))
		return nil, ok
	}
	return nil, false
}

// quoted takes the rest of a string up to its closing quote, and returns what stands between the quotes.
func (d *pairDecoder) quoted() (text []byte, ok bool) {
	text, d.in, ok = bytes.Cut(d.in, []byte{'"'})
	return text, ok
}

func (d *pairDecoder) write(name, value []byte) {
	d.out = append(append(append(d.out, beforeName...), name...), beforeValue...)
	if value == nil {
		d.out = append(d.out, "null}"...)
		return
	}
	d.out = append(append(append(d.out, '"'), value...), `"}`...)
}

// needsNoEscapes reports whether a JSON text is written by encoding/json, without HTML escapes, as it stands: ASCII without a backslash.
func needsNoEscapes(raw []byte) bool {
	for _, c := range raw {
		if c == '\\' || c >= 0x80 {
			return false
		}
	}
	return true
}
