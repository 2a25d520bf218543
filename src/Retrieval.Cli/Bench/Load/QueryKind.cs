namespace Retrieval.Cli.Bench.Load;

/// <summary>What is searched for.</summary>
internal enum QueryKind
{
    /// <summary>Images, by caption.</summary>
    Images,

    /// <summary>Captions, by image.</summary>
    Captions,

    /// <summary>Both, in turns.</summary>
    Both,
}
