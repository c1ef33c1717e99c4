package ledger

import (
	"bytes"
	"encoding/pem"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

// FuzzCheckSignature: whatever is made of a signature file and of the signers, only the signature itself passes, and nothing panics.
// The blob is fuzzed inside its armour too, where a change gets further than in base64.
func FuzzCheckSignature(f *testing.F) {
	const line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEaTTxjFYBlOM4TRLxQjr0MOSw3pMPKUyGh1I5d1cYgG"
	blob := func(version uint32, key, namespace, hash, sig string) []byte {
		return append([]byte(sshsigMagic), ssh.Marshal(signatureBlob{version, key, namespace, "", hash, sig})...)
	}
	public, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
	if err != nil {
		f.Fatal(err)
	}
	key := string(public.Marshal())
	sig := string(ssh.Marshal(&ssh.Signature{Format: ssh.KeyAlgoED25519, Blob: bytes.Repeat([]byte{7}, 64)}))
	f.Add(blob(1, key, SignatureNamespace, sshsigHash, sig), "auditor "+line)
	f.Add(blob(1, key[:20], SignatureNamespace, sshsigHash, sig), "auditor namespaces=\"taskrecon\" "+line)
	f.Add(blob(1, key, SignatureNamespace, sshsigHash, sig[:9]), "a")
	f.Add(blob(2, key, "git", "sha1", ""), "")
	f.Add([]byte(sshsigMagic), "# nobody\n\n"+strings.Repeat("x", 70_000))
	f.Fuzz(func(t *testing.T, blob []byte, signers string) {
		for _, file := range [][]byte{blob, pem.EncodeToMemory(&pem.Block{Type: sshsigPEM, Bytes: blob})} {
			who, err := CheckSignature(file, someHash, strings.NewReader(signers))
			if err == nil || who != "" {
				t.Fatalf("%q passes as a signature by %q", file, who)
			}
			if len(err.Error()) > 4096+len(blob)*4 {
				t.Fatalf("an error of %d letters", len(err.Error()))
			}
		}
	})
}
