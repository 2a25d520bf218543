namespace Retrieval.Bench.Rerank;

/// <summary>A bundle and the speed of its encoders.</summary>
/// <param name="Model">Name and shortened fingerprint.</param>
/// <param name="Bundle">Its folder, as given.</param>
/// <param name="Form"><c>serving</c> or <c>published</c>.</param>
/// <param name="Profile"><c>fast</c> or <c>compact</c>.</param>
/// <param name="Precision"><c>float32</c> or <c>float16</c>.</param>
/// <param name="Provider">Where it computes, as the runtime calls it.</param>
/// <param name="BankBytes">Both banks together.</param>
/// <param name="Resident">Whether they were copied into the device's memory.</param>
/// <param name="CaptionMs">Milliseconds to encode one caption.</param>
/// <param name="ImagesPerSecond">Images encoded a second, 32 at once.</param>
internal sealed record EncoderReport(string Model, string Bundle, string Form, string Profile, string Precision, string Provider, long BankBytes, bool Resident, Samples CaptionMs, Samples ImagesPerSecond);
