package ledger

import (
	"bytes"
	"crypto/ed25519"
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

// SignatureNamespace is the namespace of the signatures, as ssh-keygen -Y takes it with -n.
const SignatureNamespace = "taskrecon"

// These follow the name of a ledger in those of its signatures: as the saved plan that it was, and as the run that it became.
const (
	SignatureSuffix    = ".sig"
	RunSignatureSuffix = ".run.sig"
)

// The parts of an OpenSSH signature file, as PROTOCOL.sshsig of OpenSSH has them.
const (
	sshsigMagic   = "SSHSIG"
	sshsigPEM     = "SSH SIGNATURE"
	sshsigVersion = 1
	sshsigHash    = "sha512"
)

// Signer signs final hashes.
type Signer struct{ key ssh.Signer }

// LoadSigner reads an unencrypted OpenSSH Ed25519 private key that nobody but its owner may read.
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
		return nil, fmt.Errorf("%s is protected by a passphrase, and a job has nobody to ask; give it a key of its own", path)
	case err != nil:
		return nil, fmt.Errorf("%s is no private key of OpenSSH", path) // what err says may quote the key
	case key.PublicKey().Type() != ssh.KeyAlgoED25519:
		return nil, fmt.Errorf("%s is a key of type %s; make one with ssh-keygen -t ed25519", path, key.PublicKey().Type())
	}
	return &Signer{key}, nil
}

// ReadSignature reads a signature file, which is small.
func ReadSignature(path string) ([]byte, error) { return readSmall(path, 16<<10) }

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

// signedText is what a signature is of: the final hash as a line, so that echo HASH makes it.
func signedText(final string) []byte { return []byte(final + "\n") }

// toSign is what the key signs in place of the text.
func toSign(text []byte) []byte {
	sum := sha512.Sum512(text)
	return append([]byte(sshsigMagic), ssh.Marshal(struct{ Namespace, Reserved, HashAlgorithm, Hash string }{
		SignatureNamespace, "", sshsigHash, string(sum[:]),
	})...)
}

type signatureBlob struct {
	Version                                                  uint32
	PublicKey, Namespace, Reserved, HashAlgorithm, Signature string
}

// Sign returns the signature file of a final hash. It is checked by
//
//	echo HASH | ssh-keygen -Y verify -f SIGNERS -I NAME -n taskrecon -s FILE
func (s *Signer) Sign(final string) ([]byte, error) {
	sig, err := s.key.Sign(rand.Reader, toSign(signedText(final)))
	if err != nil {
		return nil, err
	}
	blob := append([]byte(sshsigMagic), ssh.Marshal(signatureBlob{
		sshsigVersion, string(s.key.PublicKey().Marshal()), SignatureNamespace, "", sshsigHash, string(ssh.Marshal(sig)),
	})...)
	return pem.EncodeToMemory(&pem.Block{Type: sshsigPEM, Bytes: blob}), nil
}

// CheckSignature returns the principals of the signer in an OpenSSH allowed-signers file that has the key which signed the
// final hash, those of them that ssh-keygen -Y verify accepts now. A signature by another key, of another text or for another
// namespace is an error.
func CheckSignature(signature []byte, final string, signers io.Reader) (principals string, err error) {
	key, err := signatureKey(signature, final)
	if err != nil {
		return "", err
	}
	principals, err = findSigner(signers, key, time.Now())
	if err == nil && principals == "" {
		err = fmt.Errorf("it is by the key %s, which is none of the signers", ssh.FingerprintSHA256(key))
	}
	return principals, err
}

// IsSignature reports whether a signature file is of the final hash, whoever made it.
func IsSignature(signature []byte, final string) bool {
	_, err := signatureKey(signature, final)
	return err == nil
}

// signatureKey is the key that signed the final hash.
func signatureKey(signature []byte, final string) (ssh.PublicKey, error) {
	block, _ := pem.Decode(signature)
	if block == nil || block.Type != sshsigPEM || !bytes.HasPrefix(block.Bytes, []byte(sshsigMagic)) {
		return nil, errors.New("it is no signature file of OpenSSH")
	}
	var blob signatureBlob
	if err := ssh.Unmarshal(block.Bytes[len(sshsigMagic):], &blob); err != nil {
		return nil, errors.New("it is damaged")
	}
	switch {
	case blob.Version != sshsigVersion || blob.HashAlgorithm != sshsigHash:
		return nil, fmt.Errorf("it is of version %d with hash %q, not of version 1 with sha512", blob.Version, blob.HashAlgorithm)
	case blob.Namespace != SignatureNamespace:
		return nil, fmt.Errorf("it was made for %q, not for %q", blob.Namespace, SignatureNamespace)
	}
	key, err := ssh.ParsePublicKey([]byte(blob.PublicKey))
	if err != nil {
		return nil, errors.New("it is damaged")
	}
	var sig ssh.Signature
	if err := ssh.Unmarshal([]byte(blob.Signature), &sig); err != nil {
		return nil, errors.New("it is damaged")
	}
	if key.Type() != ssh.KeyAlgoED25519 || len(key.(ssh.CryptoPublicKey).CryptoPublicKey().(ed25519.PublicKey)) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("it is by a key of type %s, not Ed25519", key.Type())
	}
	if err := key.Verify(toSign(signedText(final)), &sig); err != nil {
		return nil, errors.New("it is not of this ledger's final hash")
	}
	return key, nil
}
