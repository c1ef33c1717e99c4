package ingest

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
)

// The limits of a workbook's zip.
const (
	maxParts        = 10_000
	maxPartName     = 1024
	maxUnpacked     = 2 << 30  // bytes of all parts
	maxPart         = 64 << 20 // bytes of a part that is streamed neither here nor in excelize
	maxIndex        = 16 << 20 // bytes of the workbook, its styles, its relationships
	maxStrings      = 8 << 20  // shared strings
	maxOtherParts   = 256 << 20
	suspiciousSize  = 4 << 20
	suspiciousRatio = 400 // unpacked to packed, of such a part
)

var le = binary.LittleEndian

// part is an entry of the zip.
type part struct {
	name          string // with "/" even where the producer wrote "\"
	method, flags uint16
	stamp         uint32 // time and date
	crc           uint32
	packed, size  uint64
	offset        uint64 // of its local header
	data          []byte // as packed
}

// archive is a zip of which every byte that matters has been looked at. archive/zip believes the
// directory at the end and looks at nothing else; here the directory, the headers and the data
// must tell the same story and fill the file without a gap, so that a file which was cut, patched or
// grew somewhere is refused.
type archive struct {
	parts  []*part
	byName map[string]*part
}

func damaged(format string, args ...any) error {
	return fmt.Errorf("is damaged: %w; get the file again from its source, or open it and save it again", fmt.Errorf(format, args...))
}

// openArchive checks the structure, and then reads every part to its end.
func openArchive(data []byte) (*archive, error) {
	a := &archive{byName: map[string]*part{}}
	dir, err := a.readEnd(data)
	if err != nil {
		return nil, err
	}
	for len(dir.rest) > 0 {
		if err := a.readEntry(&dir); err != nil {
			return nil, err
		}
	}
	if len(a.parts) != dir.count {
		return nil, damaged("the directory has %d entries and says it has %d", len(a.parts), dir.count)
	}
	if err := a.readLocals(data[:dir.start]); err != nil {
		return nil, err
	}
	if err := a.checkSizes(); err != nil {
		return nil, err
	}
	for _, p := range a.parts {
		if err := p.verify(); err != nil {
			return nil, damaged("part %q: %w", clip(p.name), err)
		}
	}
	return a, nil
}

type directory struct {
	start int
	count int
	rest  []byte
}

const (
	endSize     = 22
	end64Size   = 56
	locatorSize = 20
	centralSize = 46
	localSize   = 30
)

func (a *archive) readEnd(data []byte) (directory, error) {
	var d directory
	if len(data) < endSize || !bytes.HasPrefix(data[len(data)-endSize:], []byte("PK\x05\x06")) {
		return d, damaged("the end of the zip is missing, so the file was cut or something was added to it")
	}
	end := data[len(data)-endSize:]
	count, size, start := le.Uint16(end[10:]), uint64(le.Uint32(end[12:])), uint64(le.Uint32(end[16:]))
	if le.Uint32(end[4:]) != 0 || le.Uint16(end[8:]) != count || le.Uint16(end[20:]) != 0 {
		return d, damaged("the end of the zip contradicts itself")
	}
	stop := uint64(len(data) - endSize)
	if stop != start+size {
		tail, ok := end64(data, stop, start+size)
		if !ok || le.Uint64(tail[24:]) != uint64(count) || le.Uint64(tail[40:]) != size || le.Uint64(tail[48:]) != start {
			return d, damaged("the directory does not lie where the end says")
		}
	}
	if int(count) > maxParts {
		return d, fmt.Errorf("has %d parts; at most %d are read", count, maxParts)
	}
	return directory{start: int(start), count: int(count), rest: data[start : start+size]}, nil
}

// end64 finds the zip64 end records that some producers write though the file needs none.
func end64(data []byte, stop, at uint64) ([]byte, bool) {
	if at+end64Size+locatorSize != stop {
		return nil, false
	}
	rec, loc := data[at:at+end64Size], data[at+end64Size:stop]
	ok := bytes.HasPrefix(rec, []byte("PK\x06\x06")) && le.Uint64(rec[4:]) == end64Size-12 &&
		le.Uint32(rec[16:]) == 0 && le.Uint32(rec[20:]) == 0 && le.Uint64(rec[24:]) == le.Uint64(rec[32:]) &&
		bytes.HasPrefix(loc, []byte("PK\x06\x07")) && le.Uint32(loc[4:]) == 0 && le.Uint64(loc[8:]) == at && le.Uint32(loc[16:]) == 1
	return rec, ok
}

func (a *archive) readEntry(d *directory) error {
	h := d.rest
	if len(h) < centralSize || !bytes.HasPrefix(h, []byte("PK\x01\x02")) {
		return damaged("entry %d of the directory is broken", len(a.parts)+1)
	}
	n, extra, comment := int(le.Uint16(h[28:])), int(le.Uint16(h[30:])), int(le.Uint16(h[32:]))
	if len(h) < centralSize+n+extra+comment || le.Uint16(h[34:]) != 0 {
		return damaged("entry %d of the directory is broken", len(a.parts)+1)
	}
	p := &part{
		name: string(h[centralSize : centralSize+n]), flags: le.Uint16(h[8:]), method: le.Uint16(h[10:]), stamp: le.Uint32(h[12:]),
		crc: le.Uint32(h[16:]), packed: uint64(le.Uint32(h[20:])), size: uint64(le.Uint32(h[24:])), offset: uint64(le.Uint32(h[42:])),
	}
	fields := zip64Fields(h[centralSize+n : centralSize+n+extra])
	for _, f := range []*uint64{&p.size, &p.packed, &p.offset} {
		if *f == 0xFFFFFFFF && len(fields) >= 8 {
			*f, fields = le.Uint64(fields), fields[8:]
		}
	}
	d.rest = h[centralSize+n+extra+comment:]
	return a.admit(p)
}

// admit checks what stands in the directory about a part.
func (a *archive) admit(p *part) error {
	const known = 1<<1 | 1<<2 | 1<<3 | 1<<11 // compression level, sizes after the data, UTF-8 name
	switch {
	case p.flags&1 != 0:
		return errors.New("has encrypted parts; remove the password and save it again")
	case p.flags&^known != 0 || (p.method != 0 && p.method != 8):
		return damaged("part %q is packed in an unknown way", clip(p.name))
	case p.name == "" || len(p.name) > maxPartName || strings.ContainsRune(p.name, 0):
		return damaged("a part has the name %q", clip(p.name))
	case p.packed > maxFileSize || p.offset > maxFileSize:
		return damaged("part %q has impossible sizes", clip(p.name))
	}
	p.name = strings.ReplaceAll(p.name, `\`, "/")
	for _, segment := range strings.Split(p.name, "/") {
		if segment == ".." {
			return damaged("a part has the name %q", clip(p.name))
		}
	}
	key := strings.ToLower(strings.TrimPrefix(p.name, "/"))
	if a.byName[key] != nil {
		return damaged("part %q is there twice", clip(p.name))
	}
	a.byName[key] = p
	a.parts = append(a.parts, p)
	return nil
}

func zip64Fields(extra []byte) []byte {
	for len(extra) >= 4 {
		n := int(le.Uint16(extra[2:]))
		if 4+n > len(extra) {
			return nil
		}
		if le.Uint16(extra) == 1 {
			return extra[4 : 4+n]
		}
		extra = extra[4+n:]
	}
	return nil
}

// get finds a part by its exact name.
func (a *archive) get(name string) *part {
	if p := a.byName[strings.ToLower(name)]; p != nil && p.name == name {
		return p
	}
	return nil
}

// verify reads the part to its end: length, checksum, and nothing behind the packed data.
func (p *part) verify() error {
	packed := bytes.NewReader(p.data)
	var r io.Reader = packed
	if p.method == 8 {
		r = flate.NewReader(packed) // takes single bytes from a ByteReader, so it reads no further than its end
	}
	sum := crc32.NewIEEE()
	n, err := io.Copy(sum, io.LimitReader(r, int64(p.size)+1))
	switch {
	case err != nil:
		return err
	case uint64(n) != p.size || packed.Len() != 0:
		return errors.New("its length is not the one it says")
	case sum.Sum32() != p.crc:
		return errors.New("its checksum is not the one it says")
	}
	return nil
}

// open gives the content of a part that verify has passed.
func (p *part) open() io.Reader {
	if p.method == 8 {
		return flate.NewReader(bytes.NewReader(p.data))
	}
	return bytes.NewReader(p.data)
}
