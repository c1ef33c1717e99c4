package ingest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"taskrecon/internal/task"
)

// readLocals walks the local headers and the data between them, which must fill the file up to the
// directory without a gap, and repeat what the directory says.
func (a *archive) readLocals(data []byte) error {
	parts := slices.Clone(a.parts)
	slices.SortStableFunc(parts, func(x, y *part) int { return int(int64(x.offset) - int64(y.offset)) })
	at := uint64(0)
	for i, p := range parts {
		next := uint64(len(data))
		if i+1 < len(parts) {
			next = parts[i+1].offset
		}
		if p.offset != at || next > uint64(len(data)) || next < at {
			return damaged("part %q does not lie where the directory says", clip(p.name))
		}
		if err := p.readLocal(data[at:next]); err != nil {
			return damaged("part %q: %w", clip(p.name), err)
		}
		at = next
	}
	if at != uint64(len(data)) {
		return damaged("no part holds %s of it", task.Plural(len(data)-int(at), "byte"))
	}
	return nil
}

// readLocal reads the bytes of one part: header, name, extra field, data, and perhaps a descriptor.
func (p *part) readLocal(h []byte) error {
	if len(h) < localSize || !bytes.HasPrefix(h, []byte("PK\x03\x04")) {
		return fmt.Errorf("its header is broken")
	}
	n, extra := uint64(le.Uint16(h[26:])), uint64(le.Uint16(h[28:]))
	start := localSize + n + extra
	if uint64(len(h)) < start+p.packed {
		return fmt.Errorf("its header is broken")
	}
	name := strings.ReplaceAll(string(h[localSize:localSize+n]), `\`, "/")
	if name != p.name || le.Uint16(h[6:]) != p.flags || le.Uint16(h[8:]) != p.method || le.Uint32(h[10:]) != p.stamp {
		return fmt.Errorf("its header and the directory differ")
	}
	crc, packed, size := le.Uint32(h[14:]), uint64(le.Uint32(h[18:])), uint64(le.Uint32(h[22:]))
	if fields := zip64Fields(h[localSize+n : start]); packed == 0xFFFFFFFF && size == 0xFFFFFFFF && len(fields) >= 16 {
		size, packed = le.Uint64(fields), le.Uint64(fields[8:])
	}
	later := p.flags&8 != 0 // then a field may be zero, since what it says follows the data
	if !(crc == p.crc || later && crc == 0) || !(packed == p.packed || later && packed == 0) || !(size == p.size || later && size == 0) {
		return fmt.Errorf("its header and the directory differ")
	}
	p.data = h[start : start+p.packed]
	return p.readDescriptor(h[start+p.packed:])
}

// readDescriptor checks the sizes that follow the data where flag 3 says so: with or without a
// signature, in 32 or 64 bits.
func (p *part) readDescriptor(d []byte) error {
	if p.flags&8 == 0 {
		if len(d) != 0 {
			return fmt.Errorf("no part holds %s behind it", task.Plural(len(d), "byte"))
		}
		return nil
	}
	if len(d) == 16 || len(d) == 24 {
		if !bytes.HasPrefix(d, []byte("PK\x07\x08")) {
			return fmt.Errorf("the sizes behind it are broken")
		}
		d = d[4:]
	}
	ok := false
	switch len(d) {
	case 12:
		ok = le.Uint32(d) == p.crc && uint64(le.Uint32(d[4:])) == p.packed && uint64(le.Uint32(d[8:])) == p.size
	case 20:
		ok = le.Uint32(d) == p.crc && le.Uint64(d[4:]) == p.packed && le.Uint64(d[12:]) == p.size
	}
	if !ok {
		return fmt.Errorf("the sizes behind it and the directory differ")
	}
	return nil
}

// streamed reports whether a part is read piece by piece here and by excelize, and so may be big.
func (p *part) streamed() bool {
	name := strings.ToLower(p.name)
	return strings.HasPrefix(name, "xl/worksheets/sheet") || name == "xl/sharedstrings.xml"
}

// checkSizes refuses a bomb before anything of it is unpacked.
func (a *archive) checkSizes() error {
	var all, others uint64
	for _, p := range a.parts {
		if all += p.size; p.size > maxUnpacked || all > maxUnpacked {
			return fmt.Errorf("is too big: more than %d MiB when unpacked", maxUnpacked>>20)
		}
		if p.streamed() {
			continue
		}
		if others += p.size; p.size > maxPart || others > maxOtherParts {
			return fmt.Errorf("is too big: part %q would unpack to %d MiB", clip(p.name), p.size>>20)
		}
		if p.size > suspiciousSize && p.size/suspiciousRatio > p.packed {
			return fmt.Errorf("looks like a zip bomb: part %q would unpack from %d to %d bytes", clip(p.name), p.packed, p.size)
		}
	}
	return nil
}
