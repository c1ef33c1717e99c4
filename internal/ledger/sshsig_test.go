package ledger

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

const someHash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

// newKey writes a private key and returns its path and its line for a file of signers.
func newKey(t *testing.T) (path, signer string) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return path, string(ssh.MarshalAuthorizedKey(key))
}

func signed(t *testing.T, path string) []byte {
	t.Helper()
	s, err := LoadSigner(path)
	if err != nil {
		t.Fatal(err)
	}
	sig, err := s.Sign(someHash)
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

func TestSignature(t *testing.T) {
	path, key := newKey(t)
	_, other := newKey(t)
	sig := signed(t, path)
	block, _ := pem.Decode(sig)
	flipped := bytes.Clone(block.Bytes)
	flipped[len(flipped)-1] ^= 1
	for _, tt := range []struct {
		name, hash, signers, want, err string
		sig                            []byte
	}{
		{"good", someHash, "# who\n\nops@contoso.com " + key, "ops@contoso.com", "", sig},
		{"namespaces", someHash, `ops@contoso.com namespaces="file,taskrecon" ` + key, "ops@contoso.com", "", sig},
		{"other namespaces", someHash, `ops@contoso.com namespaces="file" ` + key, "", "none of the signers", sig},
		{"an option that restricts", someHash, `ops@contoso.com valid-before="20200101" ` + key, "", "none of the signers", sig},
		{"another key", someHash, "ops@contoso.com " + other, "", "none of the signers", sig},
		{"another hash", strings.Repeat("0", 64), "ops@contoso.com " + key, "", "not of this ledger's final hash", sig},
		{"a bit", someHash, "ops@contoso.com " + key, "", "it is", pem.EncodeToMemory(&pem.Block{Type: sshsigPEM, Bytes: flipped})},
		{"no signature", someHash, "ops@contoso.com " + key, "", "no signature file", []byte("hello")},
		{"signers that are none", someHash, "ops@contoso.com", "", "line 1 of the signers", sig},
	} {
		t.Run(tt.name, func(t *testing.T) {
			who, err := CheckSignature(tt.sig, tt.hash, strings.NewReader(tt.signers))
			if who != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%q, %v; want %q, %q", who, err, tt.want, tt.err)
			}
		})
	}
}

func TestSignerIsRefused(t *testing.T) {
	path, _ := newKey(t)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadSigner(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Error(err)
	}
	if err := os.WriteFile(path, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadSigner(path); err == nil || strings.Contains(err.Error(), "hello") {
		t.Error(err)
	}
}

// ssh-keygen takes our signatures, and we take its.
func TestSignatureBySSHKeygen(t *testing.T) {
	keygen, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Skip("ssh-keygen is not installed")
	}
	path, key := newKey(t)
	dir := t.TempDir()
	signers, file := filepath.Join(dir, "signers"), filepath.Join(dir, "ledger.sig")
	for name, text := range map[string]string{signers: "ops@contoso.com " + key, file: string(signed(t, path))} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	verify := exec.Command(keygen, "-Y", "verify", "-f", signers, "-I", "ops@contoso.com", "-n", SignatureNamespace, "-s", file)
	verify.Stdin = bytes.NewReader(signedText(someHash))
	if out, err := verify.CombinedOutput(); err != nil {
		t.Errorf("ssh-keygen refuses our signature: %v\n%s", err, out)
	}
	sign := exec.Command(keygen, "-Y", "sign", "-f", path, "-n", SignatureNamespace)
	sign.Stdin = bytes.NewReader(signedText(someHash))
	theirs, err := sign.Output()
	if err != nil {
		t.Fatal(err)
	}
	if who, err := CheckSignature(theirs, someHash, strings.NewReader("ops@contoso.com "+key)); who != "ops@contoso.com" || err != nil {
		t.Errorf("we refuse ssh-keygen's: %q, %v", who, err)
	}
}

func TestIsSignature(t *testing.T) {
	path, _ := newKey(t)
	sig := signed(t, path)
	for _, tt := range []struct {
		sig  []byte
		hash string
		want bool
	}{{sig, someHash, true}, {sig, strings.Repeat("0", 64), false}, {nil, someHash, false}, {sig[:100], someHash, false}} {
		if got := IsSignature(tt.sig, tt.hash); got != tt.want {
			t.Errorf("%.40q of %.8s: %v", tt.sig, tt.hash, got)
		}
	}
	big := filepath.Join(t.TempDir(), "big.sig")
	if err := os.WriteFile(big, make([]byte, 16<<10+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadSignature(big); err == nil {
		t.Error("a signature of more than 16 KiB was read")
	}
}
