// make.mjs DIR - certificate requests as JavaScript's two libraries make them.
//
// Files are named as makers.sh in this folder says.
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import * as asn1js from "asn1js";
import * as pkijs from "pkijs";
import * as x509 from "@peculiar/x509";

const NAME = "web.example";
const EC256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const EC384 = { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" };
const ED25519 = { name: "Ed25519" };

function rsa(modulusLength, { name = "RSASSA-PKCS1-v1_5", hash = "SHA-256" } = {}) {
	return { name, hash, modulusLength, publicExponent: new Uint8Array([1, 0, 1]) };
}

const directory = process.argv[2];
for (const kind of ["taken", "refused"])
	mkdirSync(`${directory}/${kind}`, { recursive: true });
x509.cryptoProvider.set(webcrypto);
pkijs.setEngine("node", new pkijs.CryptoEngine({ name: "node", crypto: webcrypto }));

function newKeys(algorithm) {
	return webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}

async function byPeculiar(file, algorithm, { name = NAME, cn = name, extensions = [] } = {}) {
	const request = await x509.Pkcs10CertificateRequestGenerator.create({
		name: `CN=${cn}`,
		keys: await newKeys(algorithm),
		signingAlgorithm: algorithm,
		extensions: [new x509.SubjectAlternativeNameExtension([{ type: "dns", value: name }]),
			...extensions],
		attributes: [new x509.ChallengePasswordAttribute("secret")],
	});
	writeFileSync(`${directory}/${file}.peculiar.csr`, `${request.toString("pem")}\n`);
}

function requestedNames(name) {
	const names = new pkijs.GeneralNames({ names: [new pkijs.GeneralName({ type: 2, value: name })] });
	const extension = new pkijs.Extension({ extnID: "2.5.29.17", critical: false,
		extnValue: names.toSchema().toBER() });
	return new pkijs.Attribute({ type: "1.2.840.113549.1.9.14",
		values: [new pkijs.Extensions({ extensions: [extension] }).toSchema()] });
}

async function byPkijs(file, algorithm, { text = asn1js.Utf8String } = {}) {
	const request = new pkijs.CertificationRequest({ version: 0, attributes: [requestedNames(NAME)] });
	const keys = await newKeys(algorithm);
	request.subject.typesAndValues.push(new pkijs.AttributeTypeAndValue({ type: "2.5.4.3",
		value: new text({ value: NAME }) }));
	await request.subjectPublicKeyInfo.importKey(keys.publicKey);
	await request.sign(keys.privateKey, algorithm.hash);
	const der = Buffer.from(request.toSchema().toBER());
	const lines = der.toString("base64").match(/.{1,64}/g).join("\n");
	writeFileSync(`${directory}/${file}.pkijs.csr`,
		`-----BEGIN CERTIFICATE REQUEST-----\n${lines}\n-----END CERTIFICATE REQUEST-----\n`);
}

await byPeculiar("taken/ec-p256", EC256);
await byPeculiar("taken/ec-p384", EC384);
await byPeculiar("taken/rsa-2048", rsa(2048));
await byPeculiar("taken/ed25519", ED25519);
await byPkijs("taken/ec-p256", EC256);
await byPkijs("taken/rsa-3072", rsa(3072));
await byPkijs("taken/rsa-2048-signed-pss", rsa(2048, { name: "RSA-PSS" }));

await byPeculiar("refused/csr-rsa-size", rsa(1024));
await byPeculiar("refused/san-dns-characters", EC256, { name: "web_1.example" });
await byPeculiar("refused/csr-ca-requested", EC256,
	{ extensions: [new x509.BasicConstraintsExtension(true, undefined, true)] });
await byPkijs("refused/csr-signature-algorithm", rsa(2048, { hash: "SHA-1" }));
await byPkijs("refused/cn-string-type", EC256, { text: asn1js.BmpString });
