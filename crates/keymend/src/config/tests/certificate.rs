//! A certificate and its key, made on the spot: no key stands in the project, not even for tests.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OBJECT_ID: u8 = 0x06;
const UTF8: u8 = 0x0c;
const UTC_TIME: u8 = 0x17;

/// A self-signed certificate for `reset.corp.test` and its key, both PEM.
pub(super) fn certificate_and_key() -> (String, String) {
    let random = SystemRandom::new();
    let signing = &ECDSA_P256_SHA256_ASN1_SIGNING;
    let key = EcdsaKeyPair::generate_pkcs8(signing, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(signing, key.as_ref()).unwrap();
    let body = to_be_signed(pair.public_key().as_ref());
    let signature = pair.sign(&random, &body).unwrap();
    let certificate = joined(
        SEQUENCE,
        &[&body, &signed_with(), &bits(signature.as_ref())],
    );
    (
        pem("CERTIFICATE", &certificate),
        pem(&["PRIVATE", "KEY"].join(" "), key.as_ref()),
    )
}

/// RFC 5280 §4.1: version 3, serial number 1, valid from 2025 to 2049.
fn to_be_signed(public_key: &[u8]) -> Vec<u8> {
    let common_name = [
        value(OBJECT_ID, &[0x55, 0x04, 0x03]),
        value(UTF8, b"reset.corp.test"),
    ]
    .concat();
    let name = value(SEQUENCE, &value(SET, &value(SEQUENCE, &common_name)));
    let validity = joined(
        SEQUENCE,
        &[
            &value(UTC_TIME, b"250101000000Z"),
            &value(UTC_TIME, b"491231235959Z"),
        ],
    );
    let curve = joined(
        SEQUENCE,
        &[
            &value(OBJECT_ID, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01]),
            &value(OBJECT_ID, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]),
        ],
    );
    let key = joined(SEQUENCE, &[&curve, &bits(public_key)]);
    let version = value(0xa0, &value(INTEGER, &[2]));
    let serial = value(INTEGER, &[1]);
    joined(
        SEQUENCE,
        &[
            &version,
            &serial,
            &signed_with(),
            &name,
            &validity,
            &name,
            &key,
        ],
    )
}

/// ECDSA with SHA-256.
fn signed_with() -> Vec<u8> {
    let id = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
    value(SEQUENCE, &value(OBJECT_ID, &id))
}

fn bits(bytes: &[u8]) -> Vec<u8> {
    value(BIT_STRING, &[&[0], bytes].concat())
}

fn joined(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    value(tag, &parts.concat())
}

/// Tag, length, content (X.690 §8.1); contents here stay below 64 KiB.
fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    let head = match length {
        [0, short @ 0..=127] => vec![tag, short],
        [0, long] => vec![tag, 0x81, long],
        [high, low] => vec![tag, 0x82, high, low],
    };
    [&head, content].concat()
}

fn pem(label: &str, bytes: &[u8]) -> String {
    let body = STANDARD.encode(bytes);
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}
