namespace Retrieval.Bench.Load;

/// <summary>Outcome of a request.</summary>
internal enum ExchangeKind
{
    /// <summary>200 with a valid answer.</summary>
    Answered,

    /// <summary>429: shed.</summary>
    Shed,

    /// <summary>504: its deadline passed before there was anything to return.</summary>
    Late,

    /// <summary>Any other status.</summary>
    Refused,

    /// <summary>No answer, or an invalid one: connection, timeout, broken body.</summary>
    Failed,

    /// <summary>The client disconnected on purpose.</summary>
    Left,
}
