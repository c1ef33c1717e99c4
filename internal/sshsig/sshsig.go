package sshsig

import (
	"bytes"
	"crypto/rand"
	"crypto/sha512"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"golang.org/x/crypto/ssh"
)

// Namespace is the namespace of the signatures, as ssh-keygen -Y takes it with -n.
const Namespace = "taskrecon"

// The parts of a signature file, as PROTOCOL.sshsig of OpenSSH has them.
const (
	magic    = "SSHSIG"
	pemType  = "SSH SIGNATURE"
	version  = 1
	hashName = "sha512"
)

// Signer signs texts.
type Signer struct{ key ssh.Signer }

// LoadSigner reads an unencrypted OpenSSH Ed25519 private key that only its owner may read.
func LoadSigner(path string) (*Signer, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("%s has mode %04o, so that others can read the key; chmod 600 it", path, mode)
	}
	data, err := readSmall(path, 1<<20)
	if err != nil {
		return nil, err
	}
	key, err := ssh.ParsePrivateKey(data)
	var locked *ssh.PassphraseMissingError
	switch {
	case errors.As(err, &locked):
		return nil, fmt.Errorf("%s is protected by a passphrase, which a job cannot enter; give it a key of its own", path)
	case err != nil:
		return nil, fmt.Errorf("%s is no private key of OpenSSH", path) // what err says may quote the key
	case key.PublicKey().Type() != ssh.KeyAlgoED25519:
		return nil, fmt.Errorf("%s is a key of type %s; make one with ssh-keygen -t ed25519", path, key.PublicKey().Type())
	}
	return &Signer{key}, nil
}

// ReadFile reads a signature file, which is small.
func ReadFile(path string) ([]byte, error) { return readSmall(path, 16<<10) }

func readSmall(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if int64(len(data)) > most {
		return nil, fmt.Errorf("%s is too big", path)
	}
	return data, err
}

// toSign is what the key signs in place of the text.
func toSign(text []byte) []byte {
	sum := sha512.Sum512(text)
	return append([]byte(magic), ssh.Marshal(struct{ Namespace, Reserved, HashAlgorithm, Hash string }{Namespace, "", hashName, string(sum[:])})...)
}

type blob struct {
	Version                                                  uint32
	PublicKey, Namespace, Reserved, HashAlgorithm, Signature string
}

// Sign returns the signature file of a text.
func (s *Signer) Sign(text []byte) ([]byte, error) {
	sig, err := s.key.Sign(rand.Reader, toSign(text))
	if err != nil {
		return nil, err
	}
	b := blob{version, string(s.key.PublicKey().Marshal()), Namespace, "", hashName, string(ssh.Marshal(sig))}
	return pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: append([]byte(magic), ssh.Marshal(b)...)}), nil
}

// Check returns the principals of the signer in an OpenSSH allowed-signers file that has the key which signed the text, those of
// them that ssh-keygen -Y verify accepts now. A signature by another key, of another text or for another namespace is an error.
func Check(signature, text []byte, signers io.Reader) (principals string, err error) {
	key, err := keyOf(signature, text)
	if err != nil {
		return "", err
	}
	principals, err = findSigner(signers, key, time.Now())
	if err == nil && principals == "" {
		err = fmt.Errorf("it is by the key %s, which is none of the signers", ssh.FingerprintSHA256(key))
	}
	return principals, err
}

// Verify says why a signature is not of the text. It does not look at who made it.
func Verify(signature, text []byte) error {
	_, err := keyOf(signature, text)
	return err
}

// keyOf is the key that signed the text.
func keyOf(signature, text []byte) (ssh.PublicKey, error) {
	block, _ := pem.Decode(signature)
	if block == nil || block.Type != pemType || !bytes.HasPrefix(block.Bytes, []byte(magic)) {
		return nil, errors.New("it is no signature file of OpenSSH")
	}
	var b blob
	var sig ssh.Signature
	err := ssh.Unmarshal(block.Bytes[len(magic):], &b)
	switch {
	case err != nil:
		return nil, errors.New("it is damaged")
	case b.Version != version || b.HashAlgorithm != hashName:
		return nil, fmt.Errorf("it is of version %d with hash %q, not of version 1 with sha512", b.Version, b.HashAlgorithm)
	case b.Namespace != Namespace:
		return nil, fmt.Errorf("it was made for %q, not for %q", b.Namespace, Namespace)
	}
	key, err := ssh.ParsePublicKey([]byte(b.PublicKey))
	if err != nil || ssh.Unmarshal([]byte(b.Signature), &sig) != nil {
		return nil, errors.New("it is damaged")
	}
	if key.Type() != ssh.KeyAlgoED25519 {
		return nil, fmt.Errorf("it is by a key of type %s, not Ed25519", key.Type())
	}
	if key.Verify(toSign(text), &sig) != nil {
		return nil, errors.New("it is of another text, or was altered")
	}
	return key, nil
}
