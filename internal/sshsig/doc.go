// Package sshsig makes and checks signatures in the format of OpenSSH, as ssh-keygen -Y makes and checks them.
//
// A Signer signs a text with an Ed25519 key. Check finds the key of a signature and looks it up in an allowed-signers file, by
// the rules of ssh-keygen: patterns of principals, namespaces and times of validity count, and a key of a certificate authority
// signs nothing by itself. Verify says only that a signature is of a text, by any signer.
//
//	signer, err := sshsig.LoadSigner("id_ed25519")
//	signature, err := signer.Sign([]byte("a text\n"))
//	principals, err := sshsig.Check(signature, []byte("a text\n"), allowedSigners)
//
// The same by ssh-keygen:
//
//	ssh-keygen -Y verify -f SIGNERS -I PRINCIPAL -n taskrecon -s SIGNATURE < TEXT
//
// Every signature is for one namespace, that of this program: one that was made for mail or for git passes for nothing here.
// Signatures and keys are hostile until they are checked: what is read of them is bounded, and no error quotes a key.
package sshsig
