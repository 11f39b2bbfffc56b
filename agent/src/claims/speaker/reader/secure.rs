//! As MetalLB 0.16 serves it: by TLS, with a certificate of its own making, to whom it knows by token.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    sync::Arc,
    thread,
};

use rcgen::CertifiedKey;
use reqwest::Url;
use rustls::{ServerConfig, ServerConnection, Stream, pki_types::PrivateKeyDer};
use tempfile::TempDir;

use super::*;

/// The certificate in a file, the token in another, and who checks both.
struct Lock {
    folder: TempDir,
    address: SocketAddr,
}

impl Lock {
    /// Wants `Bearer good`; answers 401 to all else.
    fn new() -> Self {
        let CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(["127.0.0.1".into()]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.crt"), cert.pem()).unwrap();
        let key = PrivateKeyDer::Pkcs8(signing_key.serialize_der().into());
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || serve(&listener, &Arc::new(config)));
        Self { folder, address }
    }

    fn endpoint(&self, token: Option<&str>, trust: Trust) -> Endpoint {
        let url = Url::parse(&format!("https://{}/metrics", self.address)).unwrap();
        let token_file = token.map(|token| {
            fs::write(self.file("token"), format!("{token}\n")).unwrap();
            self.file("token")
        });
        Endpoint { url, token_file, trust }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn serve(listener: &TcpListener, config: &Arc<ServerConfig>) {
    for stream in listener.incoming() {
        let Ok(mut stream) = stream else { return };
        let mut connection = ServerConnection::new(Arc::clone(config)).unwrap();
        let mut tls = Stream::new(&mut connection, &mut stream);
        let mut request = [0; 4096];
        let Ok(length) = tls.read(&mut request) else { continue };
        let known = String::from_utf8_lossy(&request[..length]).contains("uthorization: Bearer good\r\n");
        let answer: &[u8] = if known {
            b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\nmetallb_k8s_client_config_loaded_bool 1\n"
        } else {
            b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
        };
        let _ = tls.write_all(answer);
        connection.send_close_notify();
        let _ = connection.complete_io(&mut stream);
    }
}

fn read_one(endpoint: &Endpoint) -> Reading {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(Reader::default().read(std::slice::from_ref(endpoint), |_| true)).unwrap().reading()
}

#[test]
fn token_and_certificate_must_both_be_good() {
    let lock = Lock::new();
    let stranger = Lock::new();
    let own = || Trust::Authority(lock.file("ca.crt"));
    let table = [
        (Some("good"), own(), Reading::Ok),
        (Some("good"), Trust::Anybody, Reading::Ok),
        (Some("bad"), own(), Reading::Unauthorized),
        (None, own(), Reading::Unauthorized),
        (Some("good"), Trust::Authority(stranger.file("ca.crt")), Reading::Unreachable),
    ];
    for (token, trust, reading) in table {
        let endpoint = lock.endpoint(token, trust);
        assert_eq!(read_one(&endpoint), reading, "{endpoint:?}");
    }
}

#[test]
fn a_token_that_was_replaced_is_read_again() {
    let lock = Lock::new();
    let endpoint = lock.endpoint(Some("old"), Trust::Anybody);
    assert_eq!(read_one(&endpoint), Reading::Unauthorized);
    fs::write(lock.file("token"), "good").unwrap();
    assert_eq!(read_one(&endpoint), Reading::Ok);
}
