package sshsig_test

import (
	"bytes"
	"encoding/pem"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"taskrecon/internal/sshsig"
)

// FuzzCheck: whatever is made of a signature file and of the signers, only the signature itself passes, and nothing panics.
// The blob is fuzzed inside its armour too, where a change gets further than in base64.
func FuzzCheck(f *testing.F) {
	const line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEaTTxjFYBlOM4TRLxQjr0MOSw3pMPKUyGh1I5d1cYgG"
	blob := func(version uint32, key, namespace, hash, sig string) []byte {
		return append([]byte("SSHSIG"), ssh.Marshal(struct {
			Version                                uint32
			Key, Namespace, Reserved, Hash, Signed string
		}{version, key, namespace, "", hash, sig})...)
	}
	public, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
	if err != nil {
		f.Fatal(err)
	}
	key := string(public.Marshal())
	sig := string(ssh.Marshal(&ssh.Signature{Format: ssh.KeyAlgoED25519, Blob: bytes.Repeat([]byte{7}, 64)}))
	f.Add(blob(1, key, sshsig.Namespace, "sha512", sig), "auditor "+line)
	f.Add(blob(1, key[:20], sshsig.Namespace, "sha512", sig), "auditor namespaces=\"taskrecon\" "+line)
	f.Add(blob(1, key, sshsig.Namespace, "sha512", sig[:9]), "a")
	f.Add(blob(2, key, "git", "sha1", ""), "")
	f.Add([]byte("SSHSIG"), "# no signer\n\n"+strings.Repeat("x", 70_000))
	f.Fuzz(func(t *testing.T, blob []byte, signers string) {
		for _, file := range [][]byte{blob, pem.EncodeToMemory(&pem.Block{Type: "SSH SIGNATURE", Bytes: blob})} {
			who, err := sshsig.Check(file, someText, strings.NewReader(signers))
			if err == nil || who != "" {
				t.Fatalf("%q passes as a signature by %q", file, who)
			}
			if len(err.Error()) > 4096+len(blob)*4 {
				t.Fatalf("an error of %d letters", len(err.Error()))
			}
		}
	})
}
