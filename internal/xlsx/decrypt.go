package xlsx

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"

	"github.com/richardlehane/mscfb"
	"github.com/xuri/excelize/v2"
)

// What Decrypt returns for a password that is missing or wrong.
var (
	ErrNoPassword = errors.New("is an encrypted workbook")
	ErrPassword   = errors.New("is an encrypted workbook, and the password does not open it")
)

// Decrypt returns the workbook inside an encrypted one. Whether what comes out is whole, Open sees.
func Decrypt(data []byte, password string) (plain []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			plain, err = nil, damaged("decrypting it failed: %v", p)
		}
	}()
	e, err := readEnvelope(data)
	switch {
	case err != nil:
		return nil, damaged("%w", err)
	case e.rights:
		return nil, errors.New("is protected by a sensitivity label or by rights management, which no password opens; open it in Excel as somebody who may, give it a label that does not encrypt, and save it again")
	case e.unread() != "":
		return nil, fmt.Errorf("is encrypted by %s, which is not read; remove the password in Excel and save it again", e.unread())
	case password == "":
		return nil, ErrNoPassword
	}
	plain, err = excelize.Decrypt(data, &excelize.Options{Password: password})
	switch {
	case err != nil:
		return nil, damaged("decrypting it: %w", err)
	case !bytes.HasPrefix(plain, []byte("PK\x03\x04")):
		return nil, ErrPassword
	case e.size > uint64(len(plain)):
		return nil, damaged("the encrypted workbook ends too early")
	}
	return plain[:e.size], nil // the cipher fills its last block
}

// envelope is what an encrypted workbook says of itself.
type envelope struct {
	size   uint64 // of the workbook inside
	info   []byte // how it is encrypted
	rights bool   // not by a password
}

func readEnvelope(data []byte) (e envelope, err error) {
	doc, err := mscfb.New(bytes.NewReader(data))
	if err != nil {
		return e, err
	}
	for {
		entry, err := doc.Next()
		switch {
		case err != nil && e.size == 0:
			return e, errors.New("the encrypted workbook has no content")
		case err != nil:
			return e, nil
		}
		switch entry.Name {
		case "EncryptedPackage":
			var head [8]byte
			if _, err := io.ReadFull(doc, head[:]); err != nil {
				return e, err
			}
			e.size = le.Uint64(head[:])
		case "EncryptionInfo":
			if e.info, err = io.ReadAll(io.LimitReader(doc, 64<<10)); err != nil {
				return e, err
			}
		case "DRMEncryptedTransform", "DRMEncryptedDataSpace":
			e.rights = true
		}
	}
}

// cipher is how the XML of agile encryption names its cipher.
var cipher = regexp.MustCompile(`cipherAlgorithm="([^"]*)"\s+cipherChaining="([^"]*)"`)

// unread names the encryption where it is not read; "" where it is.
func (e *envelope) unread() string {
	if len(e.info) < 24 {
		return "an unknown method"
	}
	major, minor := le.Uint16(e.info), le.Uint16(e.info[2:])
	switch {
	case major == 4 && minor == 4:
		for _, m := range cipher.FindAllStringSubmatch(string(e.info), -1) {
			if m[1] != "AES" || m[2] != "ChainingModeCBC" {
				return fmt.Sprintf("%s (%s)", clip(m[1]), clip(m[2]))
			}
		}
		return ""
	case major >= 2 && major <= 4 && minor == 2:
		if id := le.Uint32(e.info[20:]); id < 0x660E || id > 0x6610 {
			return "RC4"
		}
		return ""
	case minor == 3:
		return "an extension of Office (extensible encryption)"
	}
	return fmt.Sprintf("a method of version %d.%d", major, minor)
}
