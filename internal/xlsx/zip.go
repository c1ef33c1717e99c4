package xlsx

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/klauspost/compress/flate"
)

// The limits of a workbook's zip.
const (
	maxParts        = 10_000
	maxPartName     = 1024
	maxUnpacked     = 2 << 30  // bytes of all parts, by Open
	maxPart         = 64 << 20 // bytes of a part that is neither a sheet nor the shared strings
	maxOtherParts   = 256 << 20
	suspiciousSize  = 4 << 20
	suspiciousRatio = 400 // unpacked to packed, of such a part
)

// parts are the entries of a zip by their folded names.
type parts map[string]*zip.File

// fold is the form of a part's name under which two names are one.
func fold(name string) string {
	return strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(name, `\`, "/"), "/"))
}

// openZip checks a zip as a whole: its directory and headers agree, nothing lies between or behind them, no name is there
// twice, nothing unpacks to more than the limits, and every sum is right.
func openZip(data []byte, most uint64) (parts, error) {
	if n := bytes.Count(data, []byte("PK\x01\x02")); n > maxParts {
		return nil, fmt.Errorf("has %d parts; at most %d are read", n, maxParts)
	}
	zr, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, damaged("the directory of the zip cannot be read, so the file was cut or something was added to it: %w", err)
	}
	zr.RegisterDecompressor(zip.Deflate, func(r io.Reader) io.ReadCloser { return flate.NewReader(r) })
	found := make(parts, len(zr.File))
	for _, f := range zr.File {
		if err := checkEntry(f); err != nil {
			return nil, err
		}
		key := fold(f.Name)
		if found[key] != nil {
			return nil, damaged("part %q is there twice", clip(f.Name))
		}
		found[key] = f
	}
	if err := checkLayout(data, zr); err != nil {
		return nil, err
	}
	if err := checkSizes(zr.File, most); err != nil {
		return nil, err
	}
	for _, f := range zr.File {
		if err := checkContent(f); err != nil {
			return nil, damaged("part %q: %w", clip(f.Name), err)
		}
	}
	return found, nil
}

func checkEntry(f *zip.File) error {
	const known = 1<<1 | 1<<2 | 1<<3 | 1<<11 // compression level, sizes after the data, UTF-8 name
	switch {
	case f.Flags&1 != 0:
		return errors.New("has encrypted parts; remove the password and save it again")
	case f.Flags&^known != 0 || f.Method != zip.Store && f.Method != zip.Deflate:
		return damaged("part %q is packed in an unknown way", clip(f.Name))
	case f.Name == "" || len(f.Name) > maxPartName || strings.ContainsRune(f.Name, 0) ||
		slices.Contains(strings.Split(strings.ReplaceAll(f.Name, `\`, "/"), "/"), ".."):
		return damaged("a part has the name %q", clip(f.Name))
	}
	return nil
}

// streamed reports whether a part may be big, since it is read row by row or string by string.
func streamed(name string) bool {
	name = fold(name)
	return strings.Contains(name, "sheet") || strings.HasSuffix(name, "sharedstrings.xml")
}

// checkSizes refuses a bomb before anything of it is unpacked.
func checkSizes(files []*zip.File, most uint64) error {
	var all, others uint64
	for _, f := range files {
		size := f.UncompressedSize64
		if all += size; size > most || all > most {
			return fmt.Errorf("is too big: more than %d MiB when unpacked", most>>20)
		}
		if streamed(f.Name) {
			continue
		}
		if others += size; size > maxPart || others > maxOtherParts {
			return fmt.Errorf("is too big: part %q would unpack to %d MiB", clip(f.Name), size>>20)
		}
		if size > suspiciousSize && size/suspiciousRatio > f.CompressedSize64 {
			return fmt.Errorf("looks like a zip bomb: part %q would unpack from %d to %d bytes", clip(f.Name), f.CompressedSize64, size)
		}
	}
	return nil
}

// checkContent reads an entry to its end, where archive/zip compares length and sum.
func checkContent(f *zip.File) error {
	r, err := f.Open()
	if err != nil {
		return err
	}
	n, err := io.Copy(io.Discard, io.LimitReader(r, int64(f.UncompressedSize64)+1))
	if errors.Is(err, zip.ErrFormat) || errors.Is(err, zip.ErrChecksum) || err == nil && uint64(n) != f.UncompressedSize64 {
		err = errors.New("its length or its checksum is not the one it says")
	}
	return errors.Join(err, r.Close())
}

const (
	localSize   = 30 // bytes of a header before the name
	centralSize = 46 // bytes of an entry of the directory before the name
	endSize     = 22
	end64Size   = 56 + 20 // with its locator, which some producers write though the file needs none
)

var le = binary.LittleEndian

// checkLayout sees what archive/zip does not look at, since it believes the directory: the headers say what the directory says,
// and they, their data and the directory fill the file without a gap.
func checkLayout(data []byte, zr *zip.Reader) error {
	starts := map[*zip.File]int64{}
	directory := 0
	for _, f := range zr.File {
		at, err := f.DataOffset()
		if err != nil {
			return damaged("part %q: %w", clip(f.Name), err)
		}
		starts[f] = at
		directory += centralSize + len(f.Name) + len(f.Extra) + len(f.Comment)
	}
	files := slices.SortedFunc(slices.Values(zr.File), func(a, b *zip.File) int { return int(starts[a] - starts[b]) })
	at := 0
	for _, f := range files {
		n, err := headerLength(data[at:], f)
		if err == nil && (int64(at+n) != starts[f] || f.CompressedSize64 > uint64(len(data)-at-n)) {
			err = errors.New("it does not lie where the directory says")
		}
		if err == nil {
			at += n + int(f.CompressedSize64)
			n, err = descriptorLength(data[at:], f)
		}
		if err != nil {
			return damaged("part %q: %w", clip(f.Name), err)
		}
		at += n
	}
	rest := len(data) - at - directory - endSize - len(zr.Comment)
	if rest != 0 && rest != end64Size || !bytes.HasPrefix(data[at+directory+rest:], []byte("PK\x05\x06")) {
		return damaged("the zip holds something beside its parts and its directory")
	}
	return nil
}

// headerLength is that of the header that data begins with, which repeats what the directory says of f. Its time stamp does not count.
func headerLength(data []byte, f *zip.File) (int, error) {
	if len(data) < localSize || !bytes.HasPrefix(data, []byte("PK\x03\x04")) {
		return 0, errors.New("its header is not where the one before it ends")
	}
	name := int(le.Uint16(data[26:]))
	length := localSize + name + int(le.Uint16(data[28:]))
	// Where the sizes follow the data the header may hold zero, and with zip64 it holds the highest number.
	const harmless = 1<<1 | 1<<2 | 1<<11 // flags that change nothing
	later := f.Flags&8 != 0
	same := func(at int, want uint64) bool {
		got := le.Uint32(data[at:])
		return uint64(got) == want || later && got == 0 || at > 14 && got == 1<<32-1
	}
	if len(data) < length || fold(string(data[localSize:localSize+name])) != fold(f.Name) || (le.Uint16(data[6:])^f.Flags)&^harmless != 0 || le.Uint16(data[8:]) != f.Method ||
		!same(14, uint64(f.CRC32)) || !same(18, f.CompressedSize64) || !same(22, f.UncompressedSize64) {
		return 0, errors.New("its header and the directory differ")
	}
	return length, nil
}

// descriptorLength is that of the sizes that follow the data of f, with or without a signature, in 32 or 64 bits. archive/zip compares
// the sum in them; here they are only as long as what lies up to the next header or the directory.
func descriptorLength(data []byte, f *zip.File) (int, error) {
	if f.Flags&8 == 0 {
		return 0, nil
	}
	for _, n := range []int{12, 16, 20, 24} {
		if len(data) > n && (bytes.HasPrefix(data[n:], []byte("PK\x03\x04")) || bytes.HasPrefix(data[n:], []byte("PK\x01\x02"))) {
			return n, nil
		}
	}
	return 0, errors.New("something lies behind it")
}
