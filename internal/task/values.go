package task

// values holds a value for each property. Whether one is null is kept beside the texts, in one bit: a tenant's
// million tasks are in memory together.
type values struct {
	texts [Count]string
	known uint32 // the bit of a property is set where its value is not null
	had   uint32 // and here where the service sent it
}

func (v *values) get(p *Property) Value {
	return Value{text: v.texts[p.index], valid: v.known&(1<<p.index) != 0}
}

func (v *values) set(p *Property, to Value) {
	v.texts[p.index] = to.text
	if to.valid {
		v.known |= 1 << p.index
	} else {
		v.known &^= 1 << p.index
	}
}
