"""What scenes are written as for other programs: tables, pictures, notes as MIDI and JAMS, partials as SDIF, stems."""
