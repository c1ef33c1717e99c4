package xlsx

// Property is one of a document's properties, such as its title.
type Property struct {
	Name, Text string
	Custom     bool // and not one that every document may have
}

// Properties reads the document's title, subject and description, and its custom properties. A part that is missing has none.
func (b *Book) Properties() ([]Property, error) {
	rels, err := b.relationships("")
	if err != nil {
		return nil, err
	}
	var all []Property
	for _, r := range rels {
		switch {
		case r.part == nil:
		case r.kind == "metadata/core-properties":
			err = readIndex(r.part, "coreProperties", func(x *elements) error {
				return x.each(1, func(name string) error {
					if name != "title" && name != "subject" && name != "description" {
						return nil
					}
					text, err := x.text(nil)
					all = append(all, Property{Name: name, Text: string(text)})
					return err
				})
			})
		case r.kind == "custom-properties":
			err = readIndex(r.part, "Properties", func(x *elements) error {
				return x.each(1, func(string) error {
					name, _ := x.attr("name")
					return x.each(2, func(string) error {
						text, err := x.text(nil)
						all = append(all, Property{name, string(text), true})
						return err
					})
				})
			})
		}
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}
