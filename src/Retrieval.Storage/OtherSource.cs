namespace Retrieval.Storage;

/// <summary>Why an image of another source is not replaced: one sentence, for both kinds of index and for all callers.</summary>
public static class OtherSource
{
    /// <summary>For SQL's <c>format</c>: the id, then the source that owns it.</summary>
    internal const string Format = "id '%s' is already held by another source, %s; it is replaced only by an ingestion that is told to replace (--replace, over HTTP \"replace\": true)";

    /// <summary>Returns the sentence.</summary>
    /// <param name="id">Id of the image.</param>
    /// <param name="owner">Key of the source that owns it.</param>
    public static string Reason(string id, string owner)
    {
        var parts = Format.Split("%s");
        return $"{parts[0]}{id}{parts[1]}{owner}{parts[2]}";
    }
}
