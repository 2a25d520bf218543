namespace Retrieval.Terminal.Output;

/// <summary>What the process ends with.</summary>
public static class ExitCodes
{
    /// <summary>The command did what it was asked to.</summary>
    public const int Ok = 0;

    /// <summary>The command ran and failed, or a verification did not hold.</summary>
    public const int Failed = 1;

    /// <summary>The command line or the input it names cannot be accepted.</summary>
    public const int Invalid = 2;

    /// <summary>Stopped by Ctrl-C or SIGTERM, as shells report it.</summary>
    public const int Interrupted = 130;
}
