package ingest

import "strconv"

// stringItem appends the text of a shared or inline string: one t element, or rich runs, up to the end
// tag given. What is there for pronunciation is left out.
func (m *markup) stringItem(to []byte, end string) ([]byte, error) {
	plain, rich := false, false
	var err error
	for {
		m.space()
		switch {
		case m.take(end):
			return to, nil
		case m.open("t"):
			if plain || rich {
				return nil, errUnknown
			}
			plain = true
			to, err = m.element(to, "</t>")
		case m.open("r"):
			if plain {
				return nil, errUnknown
			}
			rich = true
			to, err = m.run(to)
		case m.open("phoneticPr"):
			err = m.phonetics()
		default:
			return nil, errUnknown
		}
		if err != nil {
			return nil, err
		}
	}
}

// phonetics reads how the pronunciation would be shown.
func (m *markup) phonetics() error {
	err := m.attributes(func(name string, value []byte) bool {
		if name == "fontId" {
			_, ok := number(value)
			return ok
		}
		return name == "type" || name == "alignment"
	})
	if err == nil && !m.take("/>") {
		err = errUnknown
	}
	return err
}

// element appends the text of an element without children, whose start tag has been read up to its attributes.
func (m *markup) element(to []byte, end string) ([]byte, error) {
	empty, err := m.bare()
	if err != nil || empty {
		return to, err
	}
	if to, err = m.text(to); err != nil {
		return nil, err
	}
	if !m.take(end) {
		return nil, errUnknown
	}
	return to, nil
}

// run appends the text of a rich run, which has one t at most.
func (m *markup) run(to []byte) ([]byte, error) {
	if empty, err := m.bare(); err != nil || empty {
		return to, err
	}
	for texts := 0; ; {
		m.space()
		switch {
		case m.take("</r>"):
			return to, nil
		case m.open("t"):
			var err error
			if texts++; texts > 1 {
				return nil, errUnknown
			}
			if to, err = m.element(to, "</t>"); err != nil {
				return nil, err
			}
		case m.open("rPr"):
			if err := m.runProperties(); err != nil {
				return nil, err
			}
		default:
			return nil, errUnknown
		}
	}
}

// runProperties reads the look of a run, in which a value of the wrong kind makes excelize lose the text.
func (m *markup) runProperties() error {
	if empty, err := m.bare(); err != nil || empty {
		return err
	}
	for {
		m.space()
		if m.take("</rPr>") {
			return nil
		}
		if !m.take("<") {
			return errUnknown
		}
		element, err := m.name()
		if err != nil {
			return err
		}
		err = m.attributes(func(name string, value []byte) bool {
			fits := lookValues[string(element)+" "+name]
			return fits != nil && fits(string(value))
		})
		if err != nil {
			return err
		}
		if !lookElements[string(element)] || !m.take("/>") {
			return errUnknown
		}
	}
}

var lookElements = map[string]bool{
	"rFont": true, "charset": true, "family": true, "b": true, "i": true, "strike": true, "color": true,
	"sz": true, "u": true, "vertAlign": true, "scheme": true,
}

// lookValues says what the attributes of a run's look may hold, by element and name.
var lookValues = func() map[string]func(string) bool {
	whole := func(s string) bool { _, ok := number([]byte(s)); return ok }
	float := func(s string) bool { _, err := strconv.ParseFloat(s, 64); return err == nil }
	text := func(string) bool { return true }
	return map[string]func(string) bool{
		"rFont val": text, "u val": text, "vertAlign val": text, "scheme val": text, "color rgb": text,
		"charset val": whole, "family val": whole, "color indexed": whole, "color theme": whole,
		"sz val": float, "color tint": float,
		"b val": logicalValue, "i val": logicalValue, "strike val": logicalValue, "color auto": logicalValue,
	}
}()

func logicalValue(s string) bool { return s == "0" || s == "1" || s == "true" || s == "false" }
