/* mediatype.h - the media types of what several requests and answers carry. */
#ifndef API_MEDIATYPE_H
#define API_MEDIATYPE_H

#define JSON_TYPE  "application/json"
#define CHAIN_TYPE "application/pem-certificate-chain" /* RFC 8555 section 9.1 */
#define PEM_TYPE   "application/x-pem-file"            /* one block */
#define DER_TYPE   "application/pkix-cert"             /* RFC 2585 section 4.1 */
#define PKCS7_TYPE "application/pkcs7-mime"            /* the chain, "certs-only" */
#define CSR_TYPE   "application/pkcs10"                /* RFC 5967 */
#define OCTET_TYPE "application/octet-stream"

#endif
