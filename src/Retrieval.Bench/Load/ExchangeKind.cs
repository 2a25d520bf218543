namespace Retrieval.Bench.Load;

/// <summary>What became of a request.</summary>
internal enum ExchangeKind
{
    /// <summary>200 with an answer that can be read.</summary>
    Answered,

    /// <summary>429: shed.</summary>
    Shed,

    /// <summary>504: its deadline passed with nothing to give.</summary>
    Late,

    /// <summary>Any other status.</summary>
    Refused,

    /// <summary>No answer, or one that is none: connection, time, broken body.</summary>
    Failed,

    /// <summary>The client itself left, as it was told to.</summary>
    Left,
}
