package sshsig_test

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

	"taskrecon/internal/sshsig"
)

var someText = []byte("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n")

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
	s, err := sshsig.LoadSigner(path)
	if err != nil {
		t.Fatal(err)
	}
	sig, err := s.Sign(someText)
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

func armored(blob []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "SSH SIGNATURE", Bytes: blob})
}

func TestSignature(t *testing.T) {
	path, key := newKey(t)
	_, other := newKey(t)
	sig := signed(t, path)
	block, _ := pem.Decode(sig)
	flipped := bytes.Clone(block.Bytes)
	flipped[len(flipped)-1] ^= 1
	for _, tt := range []struct {
		name, signers, want, err string
		sig, text                []byte
	}{
		{"good", "# who\n\nops@contoso.com " + key, "ops@contoso.com", "", sig, someText},
		{"another key", "ops@contoso.com " + other, "", "none of the signers", sig, someText},
		{"another text", "ops@contoso.com " + key, "", "it is of another text", sig, someText[1:]},
		{"a bit", "ops@contoso.com " + key, "", "it is", armored(flipped), someText},
		{"cut", "ops@contoso.com " + key, "", "it is damaged", armored(block.Bytes[:60]), someText},
		{"for another namespace", "ops@contoso.com " + key, "", `it was made for "mailrecon"`, armored(bytes.Replace(block.Bytes, []byte("task"), []byte("mail"), 1)), someText},
		{"of another hash", "ops@contoso.com " + key, "", "not of version 1 with sha512", armored(bytes.Replace(block.Bytes, []byte("sha512"), []byte("sha256"), 1)), someText},
		{"no signature", "ops@contoso.com " + key, "", "no signature file", []byte("hello"), someText},
		{"signers that are none", "ops@contoso.com", "", "line 1 of the signers", sig, someText},
	} {
		t.Run(tt.name, func(t *testing.T) {
			who, err := sshsig.Check(tt.sig, tt.text, strings.NewReader(tt.signers))
			if verify := sshsig.Verify(tt.sig, tt.text); (verify == nil) != (err == nil || strings.Contains(err.Error(), "signers")) {
				t.Errorf("Verify says %v, Check %v", verify, err)
			}
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
	if _, err := sshsig.LoadSigner(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Error(err)
	}
	if err := os.WriteFile(path, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sshsig.LoadSigner(path); err == nil || strings.Contains(err.Error(), "hello") {
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
	verify := exec.Command(keygen, "-Y", "verify", "-f", signers, "-I", "ops@contoso.com", "-n", sshsig.Namespace, "-s", file)
	verify.Stdin = bytes.NewReader(someText)
	if out, err := verify.CombinedOutput(); err != nil {
		t.Errorf("ssh-keygen refuses our signature: %v\n%s", err, out)
	}
	sign := exec.Command(keygen, "-Y", "sign", "-f", path, "-n", sshsig.Namespace)
	sign.Stdin = bytes.NewReader(someText)
	theirs, err := sign.Output()
	if err != nil {
		t.Fatal(err)
	}
	if who, err := sshsig.Check(theirs, someText, strings.NewReader("ops@contoso.com "+key)); who != "ops@contoso.com" || err != nil {
		t.Errorf("we refuse ssh-keygen's: %q, %v", who, err)
	}
}

func TestReadFileIsBounded(t *testing.T) {
	big := filepath.Join(t.TempDir(), "big.sig")
	if err := os.WriteFile(big, make([]byte, 16<<10+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sshsig.ReadFile(big); err == nil {
		t.Error("a signature of more than 16 KiB was read")
	}
}
