namespace Retrieval.Search.Ingestion;

/// <summary>Why an image of another source is not replaced.</summary>
internal static class OtherSource
{
    public static string Reason(string id, string owner) => $"id '{id}' is already held by another source, {owner}; use --replace to put this image in its place";
}
