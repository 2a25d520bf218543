namespace Retrieval.Search.Evaluation;

/// <summary>pgvector's shortlists of one size.</summary>
/// <param name="Shortlist">Candidates asked for.</param>
/// <param name="ImageToText">Images as queries.</param>
/// <param name="TextToImage">Captions as queries.</param>
public sealed record PgvectorRow(int Shortlist, PgvectorMeasures ImageToText, PgvectorMeasures TextToImage);
