namespace Retrieval.Bench.Rerank;

/// <summary>A bundle and the speed of its encoders.</summary>
/// <param name="Model">Name and shortened fingerprint.</param>
/// <param name="Bundle">Its folder, as given.</param>
/// <param name="Form"><c>serving</c> or <c>published</c>.</param>
/// <param name="Profile"><c>fast</c> or <c>compact</c>.</param>
/// <param name="Precision"><c>float32</c> or <c>float16</c>.</param>
/// <param name="Provider">The runtime's name for the provider of its graphs.</param>
/// <param name="BankBytes">Bytes of both banks together.</param>
/// <param name="Resident">Whether the banks were copied into device memory.</param>
/// <param name="CaptionMs">Milliseconds to encode one caption.</param>
/// <param name="ImagesPerSecond">Images encoded per second, in batches of 32.</param>
internal sealed record EncoderReport(string Model, string Bundle, string Form, string Profile, string Precision, string Provider, long BankBytes, bool Resident, Samples CaptionMs, Samples ImagesPerSecond);
