package ingest

import (
	"bytes"
	"errors"
	"io"

	"github.com/richardlehane/mscfb"
	"github.com/xuri/excelize/v2"
)

var errPassword = errors.New("is an encrypted workbook, and the password does not open it")

// decryptWorkbook gives the zip inside an encrypted workbook. What comes out is read like any other
// file, so that damage behind the encryption is noticed there.
func decryptWorkbook(data []byte, password string) (plain []byte, err error) {
	if password == "" {
		return nil, errors.New("is an encrypted workbook; put its password into TASKRECON_WORKBOOK_PASSWORD, or into a file that --password-file names")
	}
	defer func() {
		if p := recover(); p != nil {
			plain, err = nil, damaged("decrypting it failed: %v", p)
		}
	}()
	size, err := packageSize(data)
	if err != nil {
		return nil, damaged("%w", err)
	}
	plain, err = excelize.Decrypt(data, &excelize.Options{Password: password})
	switch {
	case errors.Is(err, excelize.ErrUnsupportedEncryptMechanism), errors.Is(err, excelize.ErrUnknownEncryptMechanism):
		return nil, errors.New("is encrypted in a way that is not read; remove the password in Excel and save it again")
	case err != nil:
		return nil, damaged("decrypting it: %w", err)
	case !bytes.HasPrefix(plain, []byte("PK\x03\x04")):
		return nil, errPassword
	case size > uint64(len(plain)):
		return nil, damaged("the encrypted workbook ends too early")
	}
	return plain[:size], nil // the cipher fills its last block
}

// packageSize reads how long the workbook inside is.
func packageSize(data []byte) (uint64, error) {
	doc, err := mscfb.New(bytes.NewReader(data))
	if err != nil {
		return 0, err
	}
	for {
		entry, err := doc.Next()
		if err != nil {
			return 0, errors.New("the encrypted workbook has no content")
		}
		if entry.Name != "EncryptedPackage" {
			continue
		}
		var head [8]byte
		if _, err := io.ReadFull(doc, head[:]); err != nil {
			return 0, err
		}
		return le.Uint64(head[:]), nil
	}
}
