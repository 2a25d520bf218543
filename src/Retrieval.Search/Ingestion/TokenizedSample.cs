using Retrieval.Features.Sources;

namespace Retrieval.Search.Ingestion;

/// <summary>A sample that passed validation, ready to be encoded.</summary>
/// <param name="Sample">The image as the source gave it.</param>
/// <param name="Captions">Token ids of each of its captions.</param>
/// <param name="ContentHash">SHA-256 of the sample.</param>
internal sealed record TokenizedSample(ImageSample Sample, long[][] Captions, byte[] ContentHash);
