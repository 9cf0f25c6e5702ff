//! Where the text of a setting comes from, the value itself or the file that it names, and the certificates
//! in it.

use std::io::Read;

use rustls_pki_types::{CertificateDer, pem::PemObject};
use zeroize::Zeroizing;

use crate::error::SettingFault;

/// The largest file that is read. AWS's own bundle of all regions has 165 kB.
const SIZE_LIMIT: u64 = 1024 * 1024;

/// The bytes of `value`: itself where it holds PEM, else the content of the file at that path.
///
/// They are zeroed when dropped, because a private key may be among them.
pub(crate) fn read(value: &str) -> Result<Zeroizing<Vec<u8>>, SettingFault> {
    if value.contains("-----BEGIN ") {
        return Ok(Zeroizing::new(value.as_bytes().to_vec()));
    }
    let unreadable = |error: std::io::Error| SettingFault::Unreadable(error.kind());
    // Checked before opening, because opening a pipe would wait for its writer.
    let metadata = std::fs::metadata(value).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(SettingFault::NotAFile);
    }
    if metadata.len() > SIZE_LIMIT {
        return Err(SettingFault::TooLarge);
    }
    let file = std::fs::File::open(value).map_err(unreadable)?;
    // One byte more than the file needs, so that reading to its end never moves the buffer and leaves
    // a copy.
    let room = usize::try_from(metadata.len() + 1).map_err(|_| SettingFault::TooLarge)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    file.take(metadata.len()).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

/// The certificates of a PEM text or of the file that `value` names; at least one.
pub(crate) fn certificates(value: &str) -> Result<Vec<CertificateDer<'static>>, SettingFault> {
    let text = read(value)?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<_, _>>()
        .map_err(|_| SettingFault::DamagedPem)?;
    if certificates.is_empty() { Err(SettingFault::NoCertificate) } else { Ok(certificates) }
}
