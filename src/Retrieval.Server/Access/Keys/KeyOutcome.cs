namespace Retrieval.Server.Access.Keys;

/// <summary>What became of a presented key: the key, or why it is refused.</summary>
internal readonly record struct KeyOutcome(AccessKey? Key, KeyRefusal? Refusal);

/// <summary>Why a key is refused.</summary>
internal enum KeyRefusal
{
    /// <summary>It is no key, or not one of this server, or revoked.</summary>
    Unknown,

    /// <summary>It is one, and its time is over.</summary>
    Expired,
}
